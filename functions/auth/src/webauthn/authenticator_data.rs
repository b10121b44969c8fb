//! What an authenticator says and signs (Web Authentication, 6.1).

use super::Refusal;
use super::cbor::Reader;
use super::public_key::PublicKey;

/// Longest name of a credential (Web Authentication, 4).
const CREDENTIAL_MAX: usize = 1023;
/// Bytes of the name of a make of authenticators.
const AAGUID: usize = 16;

/// Flags.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Data of an authenticator.
#[derive(Debug)]
pub(crate) struct AuthenticatorData<'a> {
    /// The SHA-256 of the relying party's id.
    pub(crate) relying_party: &'a [u8],
    /// Signatures made so far; zero where it does not count.
    pub(crate) sign_count: u32,
    /// A new credential, where one was made.
    pub(crate) credential: Option<AttestedCredential<'a>>,
    flags: u8,
}

/// A new credential.
#[derive(Debug)]
pub(crate) struct AttestedCredential<'a> {
    /// Its name.
    pub(crate) id: &'a [u8],
    /// Its public key, as it was written.
    pub(crate) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all of some bytes.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut rest = bytes;
        let relying_party = take(&mut rest, 32)?;
        let flags = *take(&mut rest, 1)?.first().ok_or(Refusal::Unreadable)?;
        let count = take(&mut rest, 4)?.first_chunk().copied();
        let sign_count = count.map(u32::from_be_bytes).ok_or(Refusal::Unreadable)?;
        let credential = match flags & HAS_CREDENTIAL {
            0 => None,
            _ => Some(AttestedCredential::read(&mut rest)?),
        };
        if flags & HAS_EXTENSIONS != 0 {
            let mut reader = Reader::new(rest);
            reader.skip().ok_or(Refusal::Unreadable)?;
            rest = reader.rest();
        }
        let data = Self {
            relying_party,
            sign_count,
            credential,
            flags,
        };
        // What cannot be copied is not copied (6.1.3).
        if !rest.is_empty() || (data.is_backed_up() && !data.is_backup_eligible()) {
            return Err(Refusal::Unreadable);
        }
        Ok(data)
    }

    /// Whether somebody was there and proved to the authenticator who they are.
    pub(crate) fn is_user_verified(&self) -> bool {
        let wanted = USER_PRESENT | USER_VERIFIED;
        self.flags & wanted == wanted
    }

    /// Whether the credential may be copied to other devices.
    pub(crate) fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// Whether it is copied.
    pub(crate) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> AttestedCredential<'a> {
    fn read(rest: &mut &'a [u8]) -> Result<Self, Refusal> {
        take(rest, AAGUID)?;
        let length = take(rest, 2)?.first_chunk().copied();
        let length = length.map(u16::from_be_bytes).ok_or(Refusal::Unreadable)?;
        let id = take(rest, usize::from(length))?;
        if id.is_empty() || id.len() > CREDENTIAL_MAX {
            return Err(Refusal::Unreadable);
        }
        let mut reader = Reader::new(rest);
        PublicKey::read(&mut reader)?;
        let length = rest.len().saturating_sub(reader.rest().len());
        let public_key = take(rest, length)?;
        Ok(Self { id, public_key })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Refusal> {
    let (taken, behind) = rest.split_at_checked(length).ok_or(Refusal::Unreadable)?;
    *rest = behind;
    Ok(taken)
}
