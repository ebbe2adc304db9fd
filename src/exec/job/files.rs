//! Input and output files of a job, and the archive of what it said.

use super::super::directory::failed;
use crate::job::{Output, Written};
use adler2::Adler32;
use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

/// A file larger than this is not put into the log archive: outputs have their own way.
const MOST_OF_A_FILE: u64 = 32 << 20;
/// Files that are put into the archive at most.
const MOST_FILES: usize = 1000;

/// Whether a name is that of a file in the working directory itself.
///
/// # Errors
/// In words.
pub(super) fn plain(name: &str) -> Result<(), String> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(()),
        _ => Err(format!("{name:?} is no name of a file in the working directory")),
    }
}

/// Makes an input file seen in the working directory.
///
/// # Errors
/// It is not there, or has a name that leads elsewhere, in words.
pub(super) fn link(dir: &Path, name: &str, path: &Path) -> Result<(), String> {
    plain(name)?;
    fs::metadata(path).map_err(|e| failed("read the input", path, &e))?;
    let at = dir.join(name);
    std::os::unix::fs::symlink(path, &at).map_err(|e| failed("link the input", &at, &e))
}

/// Copies the output files that are there to `to`, in the order of `outputs`; the names of those that have
/// to be there and are not.
///
/// # Errors
/// A file cannot be copied, in words.
pub(super) fn stage_out(
    dir: &Path,
    to: &Path,
    outputs: &[Output],
) -> Result<(Vec<Written>, Vec<String>), String> {
    let (mut written, mut missing) = (vec![], vec![]);
    for Output { name, optional } in outputs {
        let from = dir.join(name);
        match fs::metadata(&from) {
            Ok(meta) if meta.is_file() => written.push(copy(&from, to, name)?),
            Ok(_) => return Err(format!("the output {} is not a file", from.display())),
            Err(e) if e.kind() == io::ErrorKind::NotFound && *optional => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => missing.push(name.clone()),
            Err(e) => return Err(failed("read the output", &from, &e)),
        }
    }
    Ok((written, missing))
}

/// Copies a file beside its place, then renames it: whoever sees it sees all of it.
fn copy(from: &Path, to: &Path, name: &str) -> Result<Written, String> {
    let mut file = File::open(from).map_err(|e| failed("read", from, &e))?;
    put(to, name, &mut |into| io::copy(&mut file, into).map(|_| ()))
}

/// Packs what lies in the working directory, but for `except`, as `name` in `to`.
///
/// # Errors
/// In words.
pub(super) fn archive(dir: &Path, to: &Path, name: &str, except: &[&str]) -> Result<Written, String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .map_err(|e| failed("read", dir, &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let meta = fs::symlink_metadata(path);
            let name = path.file_name().and_then(|name| name.to_str());
            meta.is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_OF_A_FILE)
                && name.is_some_and(|name| !except.contains(&name))
        })
        .collect();
    entries.sort();
    entries.truncate(MOST_FILES);
    let folder = PathBuf::from(name.split('.').next().unwrap_or("log"));
    put(to, name, &mut |into| {
        let mut tar = tar::Builder::new(GzEncoder::new(into, Compression::fast()));
        for path in &entries {
            tar.append_path_with_name(path, folder.join(path.file_name().unwrap_or_default()))?;
        }
        tar.into_inner()?.finish().map(|_| ())
    })
}

fn put(
    to: &Path,
    name: &str,
    fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> Result<Written, String> {
    plain(name)?;
    fs::create_dir_all(to).map_err(|e| failed("make directory", to, &e))?;
    let (path, beside) = (to.join(name), to.join(format!(".{name}.part")));
    let written = (|| {
        let mut sum = Summed { file: File::create(&beside)?, size: 0, adler: Adler32::new() };
        fill(&mut sum)?;
        sum.file.sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(Written {
            name: name.to_owned(),
            path: path.clone(),
            size: sum.size,
            adler32: sum.adler.checksum(),
        })
    })();
    written.map_err(|e: io::Error| {
        // What was never made need not be removed.
        let _ = fs::remove_file(&beside);
        failed("write", &path, &e)
    })
}

/// A file whose bytes are summed as they are written.
struct Summed {
    file: File,
    size: u64,
    adler: Adler32,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.size += count as u64;
        self.adler.write_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The text of a file, if it is there.
///
/// # Errors
/// It cannot be read, is longer than `most` bytes or is no text, in words.
pub(super) fn text(path: &Path, most: u64) -> Result<Option<String>, String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed("read", path, &e)),
    };
    let mut bytes = vec![];
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| failed("read", path, &e))?;
    if bytes.len() as u64 > most {
        return Err(format!("{} is longer than {most} bytes", path.display()));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{} is no UTF-8 text", path.display()))?;
    Ok(Some(text))
}
