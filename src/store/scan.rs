//! Reading a journal, whatever happened to it.

use super::journal::{FRAME, HEAD, MAGIC, MARK, VERSION, crc};
use std::ops::Range;

/// What the bytes of a journal hold.
#[derive(Debug, PartialEq)]
pub(super) struct Scan {
    /// The study as JSON; `None` if the head is damaged.
    pub(super) study: Option<Range<usize>>,
    /// Number of the record and place of its postcard bytes, for every whole frame.
    pub(super) frames: Vec<(u64, Range<usize>)>,
    /// Damaged stretches that have whole frames behind them.
    pub(super) damage: Vec<Range<usize>>,
    /// End of the last whole frame (or head): what lies behind it was never completed.
    pub(super) end: usize,
}

/// The head names a version that this release does not know.
#[derive(Debug, PartialEq)]
pub(super) struct NewerVersion(pub(super) u32);

/// Finds every whole frame.
///
/// # Errors
/// The journal is whole and of a newer version.
pub(super) fn scan(bytes: &[u8]) -> Result<Scan, NewerVersion> {
    let mut scan = Scan { study: None, frames: vec![], damage: vec![], end: 0 };
    if let Some((version, study)) = head_at_start(bytes) {
        if version > VERSION {
            return Err(NewerVersion(version));
        }
        scan.end = study.end;
        scan.study = Some(study);
    }
    while scan.end < bytes.len() {
        let Some((start, number, body)) = next_frame(bytes, scan.end) else { break };
        if start > scan.end {
            scan.damage.push(scan.end..start);
        }
        scan.end = body.end;
        scan.frames.push((number, body));
    }
    Ok(scan)
}

/// Version and place of the study, if the head is whole.
pub(super) fn head_at_start(bytes: &[u8]) -> Option<(u32, Range<usize>)> {
    let head = bytes.get(..HEAD)?;
    let end = HEAD.checked_add(u32_at(head, 12) as usize)?;
    let study = bytes.get(HEAD..end)?;
    let whole = head.starts_with(&MAGIC) && crc(&head[..16], study) == u32_at(head, 16);
    whole.then(|| (u32_at(head, 8), HEAD..end))
}

/// The first whole frame at or behind `from`: its start, number and body.
fn next_frame(bytes: &[u8], from: usize) -> Option<(usize, u64, Range<usize>)> {
    let candidates = bytes[from..].windows(MARK.len()).enumerate();
    candidates.filter(|(_, window)| *window == MARK).find_map(|(offset, _)| {
        let start = from + offset;
        let fields = bytes.get(start..start + FRAME)?;
        let body = start + FRAME..(start + FRAME).checked_add(u32_at(fields, 4) as usize)?;
        let whole = crc(&fields[..16], bytes.get(body.clone())?) == u32_at(fields, 16);
        let number = u64::from(u32_at(fields, 8)) | u64::from(u32_at(fields, 12)) << 32;
        whole.then_some((start, number, body))
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::super::journal::{frame, head};
    use super::*;
    use crate::store::testing;

    /// A journal with its frames' boundaries; the first is the end of the head.
    fn journal() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = head(VERSION, b"{}");
        let mut ends = vec![bytes.len()];
        for (number, record) in (0..).zip(testing::records(&testing::study(), 4)) {
            frame(&mut bytes, number, &record);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    #[test]
    fn a_whole_journal_is_read_whole() {
        let (bytes, ends) = journal();
        let scan = scan(&bytes).unwrap();
        assert_eq!(scan.end, bytes.len());
        assert_eq!(bytes[scan.study.clone().unwrap()], *b"{}");
        assert!(scan.frames.iter().map(|f| f.0).eq(0..ends.len() as u64 - 1));
        assert!(scan.damage.is_empty());
    }

    #[test]
    fn cut_anywhere_every_frame_before_the_cut_is_read() {
        let (bytes, ends) = journal();
        for cut in ends[0]..bytes.len() {
            let scan = scan(&bytes[..cut]).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(scan.frames.len(), whole);
            assert_eq!(scan.end, ends[whole]);
            assert!(scan.damage.is_empty());
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_costs_one_frame_and_is_noticed() {
        let (bytes, ends) = journal();
        let frames = ends.len() - 1;
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << (at % 8);
            let scan = scan(&broken).unwrap();
            let hit = ends.partition_point(|end| *end <= at);
            assert_eq!(scan.study.is_none(), hit == 0, "byte {at}");
            assert_eq!(scan.frames.len(), frames - usize::from(hit > 0), "byte {at}");
            if hit == frames {
                assert_eq!(scan.end, ends[frames - 1]);
            } else {
                let start = if hit == 0 { 0 } else { ends[hit - 1] };
                assert_eq!(scan.damage, vec![start..ends[hit]]);
            }
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        assert_eq!(scan(&head(VERSION + 1, b"{}")), Err(NewerVersion(VERSION + 1)));
    }
}
