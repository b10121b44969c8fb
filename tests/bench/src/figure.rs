//! Figures beside what they should be.

use std::fmt;

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// No target: it explains another figure.
    None,
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// A measured value.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    target: Target,
    measured: f64,
    /// The peer's value, where it was measured the same way.
    peer: &'static str,
}

impl Figure {
    /// A figure without a target.
    pub(crate) fn new(name: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            target: Target::None,
            measured,
            peer: "",
        }
    }

    /// It should be this or less.
    pub(crate) fn at_most(self, target: f64) -> Self {
        Self {
            target: Target::AtMost(target),
            ..self
        }
    }

    /// It should be this or more.
    pub(crate) fn at_least(self, target: f64) -> Self {
        Self {
            target: Target::AtLeast(target),
            ..self
        }
    }

    /// What the peer needs.
    pub(crate) fn peer(self, peer: &'static str) -> Self {
        Self { peer, ..self }
    }

    fn verdict(&self) -> String {
        let (target, is_met) = match self.target {
            Target::None => return String::new(),
            Target::AtMost(target) => (target, self.measured <= target),
            Target::AtLeast(target) => (target, self.measured >= target),
        };
        let missed_by = (self.measured - target).abs();
        if is_met {
            "met".to_owned()
        } else if target == 0.0 {
            format!("missed by {}", rounded(missed_by))
        } else {
            format!("missed by {:.0} %", (missed_by / target * 100.0).ceil())
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match self.target {
            Target::None => String::new(),
            Target::AtMost(most) => format!("≤ {most}"),
            Target::AtLeast(least) => format!("≥ {least}"),
        };
        write!(
            f,
            "| {} | {target} | {} {} | {} | {} |",
            self.name,
            rounded(self.measured),
            self.unit,
            self.verdict(),
            self.peer,
        )
    }
}

/// Three digits say more than the machine's noise.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// All figures, by section, as a Markdown table.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<(&'static str, Vec<Figure>)>);

impl Report {
    /// Keeps the figures of a section and shows them at once.
    pub(crate) fn add(&mut self, section: &'static str, figures: Vec<Figure>) {
        #[expect(clippy::print_stderr, reason = "people see how far it is")]
        for figure in &figures {
            eprintln!("{section}: {figure}");
        }
        self.0.push((section, figures));
    }

    #[expect(
        clippy::print_stdout,
        reason = "the report is the product of this program"
    )]
    pub(crate) fn print(&self) {
        println!("| Figure | Target | Measured | | Peer |");
        println!("|---|---|---|---|---|");
        for (section, figures) in &self.0 {
            println!("| **{section}** | | | | |");
            for figure in figures {
                println!("{figure}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_says_by_how_much_a_target_is_missed() {
        let slow = Figure::new("latency", 30.0, "ms").at_most(25.0);
        let few = Figure::new("deliveries", 7_500.0, "").at_least(10_000.0);
        let exact = Figure::new("latency", 25.0, "ms").at_most(25.0);
        let twice = Figure::new("visible twice", 2.0, "").at_most(0.0);

        assert_eq!(
            [slow, few, exact, twice].map(|figure| figure.verdict()),
            ["missed by 20 %", "missed by 25 %", "met", "missed by 2"]
        );
    }
}
