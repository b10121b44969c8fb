//! Social networks: connect, rules, publish, read back.
