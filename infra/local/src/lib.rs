//! The one-process host: the same functions on local files.
