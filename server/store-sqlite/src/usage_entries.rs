//! What rows of the journal hold: uses, keys that are folded, addresses that are folded ahead of their keys.

use crate::Trouble;
use crate::row_numbers::short;
use crate::rows::corrupt;
use crate::use_sums::Piece;
use domain::address::Address;
use domain::ids::{KeyNumber, UserNumber};
use store::Use;

/// Kinds of journal rows: uses; keys that are folded; addresses that are folded ahead of their keys.
pub(super) const USES: i64 = 0;
pub(super) const FOLDED: i64 = 1;
pub(super) const MOVED: i64 = 2;

/// Bytes of one use in a journal row: key, user, address. Both numbers have 32 bits here.
const ENTRY: usize = 24;
/// Bytes of one moved address in a journal row: key, address.
const MOVED_ENTRY: usize = 20;

/// Replaces the content of the buffer by uses, as one journal row holds them.
pub(super) fn write_uses(buffer: &mut Vec<u8>, uses: &[Use]) -> Result<(), Trouble> {
    buffer.clear();
    for one in uses {
        buffer.extend_from_slice(&short(one.key.0)?.to_le_bytes());
        buffer.extend_from_slice(&short(one.user.0)?.to_le_bytes());
        buffer.extend_from_slice(&one.address.to_bytes());
    }
    Ok(())
}

/// The uses of one journal row.
pub(super) fn uses(entries: &[u8]) -> Result<impl Iterator<Item = Use> + '_, Trouble> {
    let (entries, rest) = entries.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return Err(corrupt("journal row"));
    }
    Ok(entries.iter().map(|entry| {
        let number = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]);
        let mut address = [0_u8; 16];
        address.copy_from_slice(&entry[8..]);
        Use {
            key: KeyNumber(number(0).into()),
            user: UserNumber(number(4).into()),
            address: Address::from_bytes(address),
            rotated_at: None,
        }
    }))
}

/// The keys that a row of folded ones names.
pub(super) fn folded_keys(entries: &[u8]) -> impl Iterator<Item = KeyNumber> + '_ {
    entries.as_chunks::<4>().0.iter().map(|bytes| KeyNumber(u32::from_le_bytes(*bytes).into()))
}

/// The keys that these pieces complete.
pub(super) fn folded_marks(pieces: &[Piece]) -> Result<Vec<u8>, Trouble> {
    let mut marks = Vec::new();
    for piece in pieces {
        let Piece::Key(sum) = piece else { continue };
        marks.extend_from_slice(&short(sum.key.0)?.to_le_bytes());
    }
    Ok(marks)
}

/// The addresses that these pieces take ahead of their keys.
pub(super) fn moved_marks(pieces: &[Piece]) -> Result<Vec<u8>, Trouble> {
    let mut marks = Vec::new();
    for piece in pieces {
        let Piece::Addresses(key, addresses) = piece else { continue };
        let key = short(key.0)?.to_le_bytes();
        for (address, ..) in addresses {
            marks.extend_from_slice(&key);
            marks.extend_from_slice(&address.to_bytes());
        }
    }
    Ok(marks)
}

/// The addresses that a row of moved ones names, with their keys.
pub(super) fn moved_addresses(entries: &[u8]) -> impl Iterator<Item = (KeyNumber, Address)> + '_ {
    entries.as_chunks::<MOVED_ENTRY>().0.iter().map(|bytes| {
        let (mut key, mut address) = ([0_u8; 4], [0_u8; 16]);
        key.copy_from_slice(&bytes[..4]);
        address.copy_from_slice(&bytes[4..]);
        (KeyNumber(u32::from_le_bytes(key).into()), Address::from_bytes(address))
    })
}
