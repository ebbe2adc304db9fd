//! A packed source becomes a folder, and touches nothing outside of it.

use flate2::read::GzDecoder;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, EntryType};

/// Bytes of a whole unpacked source at most: what is made to grow without end stops here.
const MOST: u64 = 1 << 30;
/// Files and folders in it at most.
const MOST_ENTRIES: usize = 100_000;

/// Unpacks a tar.gz of files and folders into an empty folder that nobody else knows yet. There are never links in
/// it, so that no later entry can lead through one; files have their bits for execution, no others.
///
/// # Errors
/// It is no such archive, or too large, or has anything but files and folders below itself, in words. What was
/// written by then is still there.
pub(super) fn unpack(packed: &[u8], into: &Path) -> Result<(), String> {
    unpack_some(packed, into, MOST)
}

fn unpack_some(packed: &[u8], into: &Path, most: u64) -> Result<(), String> {
    let broken = |e: io::Error| format!("it is no archive that can be unpacked (tar.gz): {e}");
    let mut archive = Archive::new(GzDecoder::new(packed).take(most));
    for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        if count == MOST_ENTRIES {
            return Err(format!("it has more than {MOST_ENTRIES} files"));
        }
        let (kind, mode) = (entry.header().entry_type(), entry.header().mode().map_err(broken)?);
        let name = entry.path().map_err(broken)?.into_owned();
        let told = |e: io::Error| format!("{}: {e}", name.display());
        let at = into.join(below(&name)?);
        match kind {
            // What Git says of the commit that it packs.
            EntryType::XGlobalHeader => {}
            EntryType::Directory => fs::create_dir_all(&at).map_err(told)?,
            EntryType::Regular if at != into => {
                at.parent().map_or(Ok(()), fs::create_dir_all).map_err(told)?;
                let mut file = File::create_new(&at).map_err(told)?;
                let size = entry.size();
                if io::copy(&mut entry, &mut file).map_err(told)? != size {
                    return Err(format!("it ends in {}, or has more than {most} bytes", name.display()));
                }
                let mode = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
                file.set_permissions(Permissions::from_mode(mode)).map_err(told)?;
                file.sync_all().map_err(told)?;
            }
            _ => return Err(format!("{} is neither a file nor a folder", name.display())),
        }
    }
    Ok(())
}

/// A name in an archive as a path below its root.
///
/// # Errors
/// It leads elsewhere, in words.
fn below(name: &Path) -> Result<PathBuf, String> {
    let part = |part| match part {
        Component::Normal(part) => Some(Some(part)),
        Component::CurDir => Some(None),
        Component::ParentDir | Component::RootDir | Component::Prefix(_) => None,
    };
    let parts: Option<Vec<_>> = name.components().map(part).collect();
    let parts = parts.ok_or_else(|| format!("{} leads out of the source's folder", name.display()))?;
    Ok(parts.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    use tar::{Builder, Header};

    /// An archive of entries as no honest program writes them: name, kind, link, mode, text.
    fn packed(entries: &[(&str, EntryType, &str, u32, &str)]) -> Vec<u8> {
        let mut tar = Builder::new(GzEncoder::new(vec![], Compression::fast()));
        for (name, kind, link, mode, text) in entries {
            let mut header = Header::new_ustar();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn file<'a>(name: &'a str, text: &'a str) -> (&'a str, EntryType, &'a str, u32, &'a str) {
        (name, EntryType::Regular, "", 0o600, text)
    }

    /// What becomes of an archive, and whether anything but its folder is there afterwards.
    fn unpacked(bytes: &[u8]) -> Result<tempfile::TempDir, String> {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("into");
        fs::create_dir(&into).unwrap();
        let done = unpack_some(bytes, &into, 1 << 20);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something is beside the folder");
        done.map(|()| dir)
    }

    #[test]
    fn files_and_folders_come_with_their_texts_and_bits_for_execution() {
        let folder = ("./a/", EntryType::Directory, "", 0o700, "");
        let run = ("a/b/run", EntryType::Regular, "", 0o4711, "#!");
        let git = ("pax_global_header", EntryType::XGlobalHeader, "", 0o666, "16 comment=abcd\n");
        let dir = unpacked(&packed(&[git, folder, file("./m.py", "x = 1"), run])).unwrap();
        let at = |name: &str| dir.path().join("into").join(name);
        assert!(!at("pax_global_header").exists());
        assert_eq!(fs::read_to_string(at("m.py")).unwrap(), "x = 1");
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("m.py"), mode("a/b/run")), (0o644, 0o755));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let link = |name, kind, to| (name, kind, to, 0o777, "");
        for (entries, why) in [
            (vec![file("../x", "")], "../x leads out"),
            (vec![file("a/../../x", "")], "a/../../x leads out"),
            (vec![file("/tmp/paretorank-x", "")], "/tmp/paretorank-x leads out"),
            (vec![link("l", EntryType::Symlink, "/tmp"), file("l/x", "")], "l is neither"),
            (vec![link("l", EntryType::Symlink, "a"), file("l", "")], "l is neither"),
            (vec![link("l", EntryType::Link, "/etc/passwd")], "l is neither"),
            (vec![link("l", EntryType::Fifo, "")], "l is neither"),
            (vec![link("l", EntryType::Char, "")], "l is neither"),
            (vec![file(".", "")], ". is neither"),
            (vec![file("x", "1"), file("x", "2")], "x: File exists"),
            (vec![file("x", "1"), file("x/y", "2")], "x/y: "),
        ] {
            let refused = unpacked(&packed(&entries)).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
    }

    #[test]
    fn what_is_no_archive_or_grows_without_end_is_refused() {
        let whole = packed(&[file("x", &"y".repeat(10_000))]);
        for bytes in [b"not gzip".to_vec(), whole[..whole.len() / 2].to_vec()] {
            assert!(unpacked(&bytes).is_err());
        }
        let large = "0".repeat(2 << 20);
        let bytes = packed(&[file("x", &large)]);
        assert!(bytes.len() < 20_000);
        let refused = unpacked(&bytes).unwrap_err();
        assert!(refused.contains("more than 1048576 bytes"), "{refused}");
        let mut short = GzEncoder::new(vec![], Compression::fast());
        let mut header = Header::new_ustar();
        header.set_path("x").unwrap();
        header.set_size(4096);
        header.set_cksum();
        short.write_all(header.as_bytes()).unwrap();
        assert!(unpacked(&short.finish().unwrap()).is_err(), "an archive that ends in a file");
    }
}
