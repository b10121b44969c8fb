//! The choices of a history. A seed makes them; what was chosen is kept, so that a history can be played again, and
//! made smaller choice by choice. The choice 0 is always the harmless one.

/// Chooses, and remembers.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    /// Choices that are given; after them the seed decides, or else everything is 0.
    given: Vec<u32>,
    random: Option<SplitMix>,
    chosen: Vec<u32>,
}

impl Tape {
    /// The choices that a seed makes.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self {
            given: Vec::new(),
            random: Some(SplitMix(seed)),
            chosen: Vec::new(),
        }
    }

    /// These choices, then nothing but 0.
    pub(crate) fn of_choices(given: Vec<u32>) -> Self {
        Self {
            given,
            random: None,
            chosen: Vec::new(),
        }
    }

    /// A number below `n`.
    pub(crate) fn choose(&mut self, n: u32) -> u32 {
        let raw = match (self.given.get(self.chosen.len()), &mut self.random) {
            (Some(given), _) => *given,
            (None, Some(random)) => random.next(),
            (None, None) => 0,
        };
        let choice = raw % n;
        self.chosen.push(choice);
        choice
    }

    /// Whether something happens that happens once in `n` times.
    pub(crate) fn happens(&mut self, n: u32) -> bool {
        self.choose(n) == n - 1
    }

    /// One of these; the first is the harmless one.
    pub(crate) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.choose(u32::try_from(options.len()).unwrap()) as usize]
    }

    /// What was chosen so far.
    pub(crate) fn chosen(self) -> Vec<u32> {
        self.chosen
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()
    }
}
