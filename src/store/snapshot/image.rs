//! HDF5 files in memory.
//!
//! The library works on anonymous memory; the run directory is only touched by plain reads and
//! writes. So a full disk is an ordinary error (after a failed write the library cannot even close
//! its file), a parallel file system sees one sequential write, and the library's own file locks,
//! which some of them refuse, do not matter.

use hdf5::file::FileAccessBuilder;
use hdf5::{File, Result};
use rustix::fs::{MemfdFlags, memfd_create};
use std::io::{Read, Seek, Write};
use std::os::fd::AsRawFd;

/// The bytes of a new HDF5 file filled by `fill`.
pub(super) fn write(fill: impl FnOnce(&File) -> Result<()>) -> Result<Vec<u8>> {
    let (mut memory, path) = anonymous()?;
    let file = File::with_options().with_fapl(by_plain_calls).create(path)?;
    fill(&file)?;
    file.close()?;
    let mut bytes = Vec::new();
    memory.rewind().and_then(|()| memory.read_to_end(&mut bytes)).map_err(system)?;
    Ok(bytes)
}

/// What `take` makes of an HDF5 file with these bytes.
pub(super) fn read<T>(bytes: &[u8], take: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let (mut memory, path) = anonymous()?;
    memory.write_all(bytes).map_err(system)?;
    take(&File::with_options().with_fapl(by_plain_calls).open(path)?)
}

/// The library's driver for plain calls, and none of its locks: nobody else knows the file.
fn by_plain_calls(access: &mut FileAccessBuilder) -> &mut FileAccessBuilder {
    access.stdio().file_locking(false)
}

/// Anonymous memory and a path to it. The path is a symbolic link to nowhere, which the library's
/// default driver would try to resolve; its stdio driver just opens it.
fn anonymous() -> Result<(std::fs::File, String)> {
    let memory = memfd_create("history.h5", MemfdFlags::CLOEXEC).map_err(|e| system(e.into()))?;
    let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
    Ok((memory.into(), path))
}

fn system(error: std::io::Error) -> hdf5::Error {
    hdf5::Error::Internal(format!("memory for the file: {error}"))
}
