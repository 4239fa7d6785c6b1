//! What customers call their keys. Descriptions of a million keys lie one behind the other, so that a key needs no
//! allocation of its own.

use super::place::Place;
use std::collections::HashMap;

/// Bytes of a piece of descriptions; a description is shorter.
const PIECE: usize = 1 << 20;
/// The length that stands for a description of [`Descriptions::renamed`]; none is as long.
pub(super) const RENAMED: u16 = u16::MAX;

/// All descriptions.
#[derive(Default)]
pub(super) struct Descriptions {
    /// Those that keys were loaded or generated with.
    pieces: Vec<String>,
    /// Those of keys that were renamed since.
    renamed: HashMap<Place, Box<str>>,
}

impl Descriptions {
    /// Keeps a description, and returns where it begins and how many bytes it has.
    pub(super) fn keep(&mut self, text: &str) -> (u32, u16) {
        if self.pieces.last().is_none_or(|piece| piece.len() + text.len() > PIECE) {
            self.pieces.push(String::with_capacity(PIECE));
        }
        let Some((last, pieces)) = self.pieces.split_last_mut() else { return (0, 0) };
        let start = u32::try_from(pieces.len() * PIECE + last.len());
        let (Ok(start), Ok(length)) = (start, u16::try_from(text.len())) else { return (0, 0) };
        last.push_str(text);
        (start, length)
    }

    /// The description of a key that begins there and has so many bytes.
    pub(super) fn get(&self, place: Place, start: u32, length: u16) -> &str {
        if length == RENAMED {
            return self.renamed.get(&place).map_or("", |text| text);
        }
        let (piece, start) = (start as usize / PIECE, start as usize % PIECE);
        let piece = self.pieces.get(piece).map_or("", String::as_str);
        piece.get(start..start + usize::from(length)).unwrap_or_default()
    }

    /// Gives a key another description; its length is [`RENAMED`] from then on.
    pub(super) fn rename(&mut self, place: Place, text: String) {
        self.renamed.insert(place, text.into());
    }

    /// Drops what a deleted key was renamed to.
    pub(super) fn forget(&mut self, place: Place) {
        self.renamed.remove(&place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_found_in_whichever_piece_it_lies() {
        let mut descriptions = Descriptions::default();
        let text = |n: usize| format!("{n:0>50000}");
        let kept: Vec<_> = (0..60).map(|n| descriptions.keep(&text(n))).collect();
        assert!(descriptions.pieces.len() > 1);
        for (n, (start, length)) in kept.into_iter().enumerate() {
            let (piece, start) = (start as usize / PIECE, start as usize % PIECE);
            assert_eq!(descriptions.pieces[piece][start..start + usize::from(length)], text(n));
        }
        assert!(descriptions.pieces.iter().all(|piece| piece.capacity() == PIECE), "none ever grows");
    }

    #[test]
    fn a_renamed_key_is_called_so_until_it_is_deleted() {
        let (mut descriptions, place) = (Descriptions::default(), Place::behind(7).unwrap());
        let (start, length) = descriptions.keep("as it was");
        descriptions.rename(place, "as it is".into());
        assert_eq!(descriptions.get(place, start, RENAMED), "as it is");
        assert_eq!(descriptions.get(place, start, length), "as it was");
        descriptions.forget(place);
        assert_eq!(descriptions.get(place, start, RENAMED), "");
        assert!(descriptions.renamed.is_empty());
    }
}
