//! The playground: a fake social network for people who try the product, and for tests.
