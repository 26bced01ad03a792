//! A slab: values under small numbers, which is all that JavaScript holds of them.

/// Values, each under the number it was given. A number is given anew once its value is taken out.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Puts a value under a number that is free.
    pub fn insert(&mut self, value: T) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        // It is written in one place, and over nothing that would have to be dropped.
        if let Some(slot @ None) = self.slots.get_mut(index as usize) {
            *slot = Some(value);
        }
        index
    }

    /// The value under that number.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slots.get_mut(index as usize)?.as_mut()
    }

    /// The value under that number.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize)?.as_ref()
    }

    /// Takes the value out.
    pub fn take(&mut self, index: u32) -> Option<T> {
        let value = self.slots.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(value)
    }

    /// Drops a value where it is: taking it out would copy it first.
    pub fn remove(&mut self, index: u32) {
        if let Some(slot) = self.slots.get_mut(index as usize)
            && slot.is_some()
        {
            *slot = None;
            self.free.push(index);
        }
    }

    /// How many values it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_anew_once_its_value_is_taken_out() {
        let mut slab = Slab::new();
        assert_eq!([slab.insert("a"), slab.insert("b")], [0, 1]);
        assert_eq!((slab.take(0), slab.take(0)), (Some("a"), None));
        assert_eq!((slab.count(), slab.insert("c"), slab.get(0).copied()), (1, 0, Some("c")));
        assert_eq!((slab.get_mut(7).is_none(), slab.take(7)), (true, None));
        slab.remove(0);
        slab.remove(0);
        assert_eq!((slab.count(), slab.insert("d"), slab.insert("e")), (1, 0, 2));
    }
}
