//! The lanes of the drawing.

/// A row of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What is wrong with the world, and where it meddled.
    Faults,
    /// Attempts at the model, and the waits between them.
    Model,
    /// The states of the model's breaker, and what it counts.
    Breaker,
    /// Attempts at tools, questions to a human, and what tools did to the world.
    Tools,
    /// Tokens and money.
    Cost,
}

impl Lane {
    /// All lanes, from top to bottom.
    pub const ALL: [Self; 5] = [Self::Faults, Self::Model, Self::Breaker, Self::Tools, Self::Cost];

    /// Its label.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Faults => "Faults",
            Self::Model => "Model",
            Self::Breaker => "Breaker",
            Self::Tools => "Tools",
            Self::Cost => "Cost",
        }
    }
}
