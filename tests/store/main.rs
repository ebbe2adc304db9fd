//! The run directory from outside: continuing, damage, kills, full disks, other readers.

mod continuing;
mod damage;
mod full;
mod killed;
#[path = "../support/mount.rs"]
mod mount;
mod readers;
mod released;
mod sample;
