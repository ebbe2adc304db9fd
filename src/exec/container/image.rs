//! What an image is, which a look at it tells.

use crate::config::Image;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// What engines tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file of Apptainer and Singularity.
    Sif,
    /// A file system as a file.
    Squash,
    /// A directory that is the root of a file system.
    Directory,
    /// A tar archive of such a directory, compressed or not.
    Archive,
    /// A name that an engine resolves.
    Name,
}

impl Kind {
    /// In words, with the article.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Kind::Sif => "a SIF file",
            Kind::Squash => "a SquashFS file",
            Kind::Directory => "a directory",
            Kind::Archive => "a tar archive",
            Kind::Name => "a name that its engine resolves",
        }
    }
}

/// What is there.
///
/// # Errors
/// It is not there, cannot be read or is none of these, in words.
pub(super) fn kind(image: &Image) -> Result<Kind, String> {
    let path = match image {
        Image::Name(_) => return Ok(Kind::Name),
        Image::Path(path) => path,
    };
    let told = |e: std::io::Error| format!("image {}: {e}", path.display());
    if fs::metadata(path).map_err(told)?.is_dir() {
        return Ok(Kind::Directory);
    }
    let mut head = vec![];
    File::open(path).and_then(|file| file.take(512).read_to_end(&mut head)).map_err(told)?;
    of_file(path, &head).ok_or_else(|| {
        format!(
            "image {} is no image: neither a directory nor a SIF, SquashFS or tar file",
            path.display()
        )
    })
}

/// Of the first 512 bytes; a compressed archive is known by its name only.
fn of_file(path: &Path, head: &[u8]) -> Option<Kind> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(magic));
    let name = path.file_name()?.to_string_lossy();
    let is_archive = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2"]
        .iter()
        .any(|ending| name.ends_with(ending));
    match () {
        () if at(32, b"SIF_MAGIC") => Some(Kind::Sif),
        () if at(0, b"hsqs") => Some(Kind::Squash),
        () if at(257, b"ustar") || is_archive => Some(Kind::Archive),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            kind(&Image::Path(path))
        };
        let mut sif = b"#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0".to_vec();
        sif.resize(600, 0);
        let mut tar = vec![0; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(file("eic_xl:24.11", &sif), Ok(Kind::Sif));
        assert_eq!(file("image.sif", b"hsqs1234"), Ok(Kind::Squash));
        assert_eq!(file("image", &tar), Ok(Kind::Archive));
        assert_eq!(file("image.tar.gz", b"\x1f\x8b"), Ok(Kind::Archive));
        assert_eq!(kind(&Image::Path(dir.path().into())), Ok(Kind::Directory));
        assert_eq!(kind(&Image::Name("docker://a/b".into())), Ok(Kind::Name));
        let told = file("text.sif", b"not an image").unwrap_err();
        assert!(told.contains("text.sif is no image"), "{told}");
        assert!(file("empty", b"").is_err());
        let told = kind(&Image::Path("/no/such/image.sif".into())).unwrap_err();
        assert!(told.starts_with("image /no/such/image.sif: No such file"), "{told}");
    }
}
