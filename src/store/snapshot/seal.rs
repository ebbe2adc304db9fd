//! The seal at the end of a snapshot: 24 bytes behind the HDF5 data, which HDF5 readers ignore.
//!
//! HDF5 has no checksum over a file, and its library has crashed on files with flipped bits. So
//! nothing reaches it that is not exactly what was written.

const MAGIC: [u8; 8] = *b"PRSEALED";
const LENGTH: usize = 24;
/// First bytes of an HDF5 file.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Appends the seal: magic, length and CRC-32 of the data, four zero bytes.
pub(super) fn seal(mut data: Vec<u8>) -> Vec<u8> {
    let (length, crc) = (data.len() as u64, crc32fast::hash(&data));
    data.extend(MAGIC);
    data.extend(length.to_le_bytes());
    data.extend(u64::from(crc).to_le_bytes());
    data
}

/// The data in front of the seal.
///
/// # Errors
/// There is no seal, or it does not fit, in words.
pub(super) fn open(bytes: &[u8]) -> Result<&[u8], String> {
    let (data, seal) = match bytes.split_last_chunk::<LENGTH>() {
        Some((data, seal)) if seal.starts_with(&MAGIC) => (data, seal),
        _ if bytes.starts_with(HDF5) => {
            return Err("an HDF5 file that was cut short, changed, or not written by paretorank".into());
        }
        _ => return Err("not an HDF5 file".into()),
    };
    let length = (data.len() as u64).to_le_bytes();
    let crc = u64::from(crc32fast::hash(data)).to_le_bytes();
    if seal[8..16] != length {
        return Err("its length is not what was written".into());
    }
    if seal[16..] != crc {
        return Err("its checksum is wrong: bytes have changed since it was written".into());
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_or_missing_byte_breaks_the_seal() {
        let whole = seal([HDF5, b"some data"].concat());
        assert_eq!(open(&whole).unwrap(), [HDF5, b"some data"].concat());
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x10;
            assert!(open(&broken).is_err(), "byte {at}");
            assert!(open(&whole[..at]).is_err(), "cut at {at}");
        }
        assert!(open(HDF5).unwrap_err().contains("HDF5 file"));
    }
}
