//! Ids, entities, state machines and rules of the product; no input or output.
