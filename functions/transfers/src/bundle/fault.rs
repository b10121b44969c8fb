//! What can be wrong with the files of an export.

/// Why a file is not taken for a volume of an export, or the files not for a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// It is larger, or has more entries, than any volume.
    #[error("it is larger than a volume can be")]
    TooLarge,
    /// Its entries are compressed, which those of a volume never are.
    #[error("it was packed anew: use the files as they were downloaded")]
    Compressed,
    /// It is no zip file, or not one as exports have.
    #[error("it is not as it was downloaded")]
    Changed,
    /// An entry has a name that no entry of a volume has.
    #[error("an entry has a name that no export has")]
    EntryName,
    /// There is no manifest, or it cannot be read.
    #[error("its manifest cannot be read")]
    Manifest,
    /// It has a form that this code does not know.
    #[error("it was made by a version that is not known here")]
    Version,
    /// An entry is missing, is too many, or is not what the manifest says.
    #[error("an entry is not what the manifest says")]
    Checksum,
    /// A record cannot be read.
    #[error("a record cannot be read")]
    Record,
    /// It does not follow the volume before.
    #[error("it does not follow the file before: give all files of one export, in their order")]
    Order,
    /// The last volume is missing.
    #[error("files are missing: give all files of the export")]
    Incomplete,
}

impl BundleFault {
    /// Its stable code; each is explained in `docs/errors.md`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "volume_too_large",
            Self::Compressed => "volume_compressed",
            Self::Changed => "volume_changed",
            Self::EntryName => "volume_entry_name",
            Self::Manifest => "volume_manifest",
            Self::Version => "volume_version",
            Self::Checksum => "volume_checksum",
            Self::Record => "volume_record",
            Self::Order => "volume_order",
            Self::Incomplete => "export_incomplete",
        }
    }
}
