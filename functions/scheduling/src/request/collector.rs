//! Collects everything that is wrong with a request.

use domain::{Error, FieldError, Result};

/// The errors so far.
#[derive(Debug, Default)]
pub(crate) struct Collector(Vec<FieldError>);

impl Collector {
    /// Notes a wrong field.
    pub(crate) fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0.push(FieldError::new(pointer, code, message));
    }

    /// Notes a wrong field, unless `holds`.
    pub(crate) fn require(
        &mut self,
        holds: bool,
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        if !holds {
            self.add(pointer, code, message);
        }
    }

    /// [`Error::Invalid`] if anything was wrong.
    pub(crate) fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}
