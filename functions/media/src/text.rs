//! Texts that people give to media.

use domain::FieldError;
use domain::media::{ALT_TEXT_MAX, FILE_NAME_MAX};
use domain::text::has_control_characters;

/// Whether this can be a file's name. It is only ever shown: bytes are stored under ids.
pub(crate) fn check_file_name(name: &str) -> Option<FieldError> {
    let wrong = |code, message: String| Some(FieldError::new("/file_name", code, message));
    if name.trim().is_empty() {
        wrong("blank", "name the file".to_owned())
    } else if name.chars().count() > FILE_NAME_MAX {
        wrong("too_long", format!("at most {FILE_NAME_MAX} characters"))
    } else if name.contains(['/', '\\', '\n', '\r', '\t']) || has_control_characters(name) {
        wrong(
            "invalid_value",
            "a name without folders and control characters".to_owned(),
        )
    } else {
        None
    }
}

/// Whether this can be an alternative text.
pub(crate) fn check_alt_text(text: &str) -> Option<FieldError> {
    let wrong = |code, message: String| Some(FieldError::new("/alt_text", code, message));
    if text.chars().count() > ALT_TEXT_MAX {
        wrong("too_long", format!("at most {ALT_TEXT_MAX} characters"))
    } else if has_control_characters(text) {
        wrong("invalid_value", "no control characters".to_owned())
    } else {
        None
    }
}
