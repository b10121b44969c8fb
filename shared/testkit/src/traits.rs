//! Which traits a type has: for tests of types that must lack one.

/// Whether a type implements a trait, as a constant. The type must be named without parameters.
#[macro_export]
macro_rules! implements {
    ($subject:ty, $($bound:tt)+) => {{
        #[allow(dead_code, reason = "nobody makes one")]
        struct Asked<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "as it is where the bound holds")]
        trait Otherwise {
            const HAS_IT: bool = false;
        }
        impl<T> Otherwise for Asked<T> {}
        // An inherent constant comes before that of the trait, and is there only where the bound holds.
        #[allow(dead_code, reason = "as it is where the bound does not hold")]
        impl<T: $($bound)+> Asked<T> {
            const HAS_IT: bool = true;
        }
        <Asked<$subject>>::HAS_IT
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    fn trait_that_a_type_has_is_told_from_one_that_it_lacks() {
        assert!(implements!(String, std::fmt::Display));
        assert!(implements!(Vec<String>, serde::Serialize));
        assert!(!implements!(Vec<String>, std::fmt::Display));
        assert!(!implements!(std::time::Instant, serde::Serialize));
    }
}
