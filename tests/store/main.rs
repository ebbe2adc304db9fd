//! The run directory from outside: continuing, damage, kills, full disks, other readers.

mod continuing;
mod damage;
mod full;
mod killed;
mod readers;
mod released;
mod sample;
