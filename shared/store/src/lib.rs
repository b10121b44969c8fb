//! The single table: keys, items, conditions and transactions.
