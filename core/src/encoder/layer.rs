//! One layer of the network: a dense convolution over time, in integers.

use super::network::{PRODUCTS_MAX, WIDTH_MAX};
use crate::dot::{ROWS, WEIGHT_LANES, dots};

/// Largest magnitude of a value: 11 bits and a sign.
pub(super) const VALUE_MAX: i32 = 2_047;

/// Largest magnitude of a weight: 7 bits and a sign.
const WEIGHT_MAX: i32 = 127;

/// A dense convolution: every output meets every input at `taps` moments, `dilation` hops apart.
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) taps: usize,
    pub(super) dilation: usize,
    /// Bits by which a sum exceeds the value that becomes of it. Means nothing in the last layer.
    pub(super) shift: u32,
    /// `[output][tap, oldest first][input]`.
    pub(super) weights: &'static [i8],
    /// One per output.
    pub(super) biases: &'static [i32],
}

impl Layer {
    /// Hops from the oldest that a sum meets to the newest, both counted.
    pub(super) const fn hops(&self) -> usize {
        (self.taps - 1) * self.dilation + 1
    }

    /// Products in a sum.
    pub(super) const fn products(&self) -> usize {
        self.taps * self.inputs
    }

    /// Values that have to be held for it.
    pub(super) const fn held(&self) -> usize {
        self.hops() * self.inputs
    }

    /// Takes the newest hop's values into `held`, the layer's hops with the oldest first.
    pub(super) fn take(&self, held: &mut [i16], values: &[i16; WIDTH_MAX]) {
        // Few values beside the products: moving them all spares a ring's places.
        if self.inputs <= held.len() {
            held.copy_within(self.inputs.., 0);
        }
        let newest = held.len().saturating_sub(self.inputs);
        copy(held.get_mut(newest..).unwrap_or_default(), values);
    }

    /// The sums of the newest hop, not scaled.
    pub(super) fn sums(&self, held: &[i16]) -> [i32; WIDTH_MAX] {
        let mut met = [0; PRODUCTS_MAX];
        let mut rest = met.as_mut_slice();
        for tap in 0..self.taps {
            let Some((place, later)) = rest.split_at_mut_checked(self.inputs) else { break };
            copy(place, held.get(tap * self.dilation * self.inputs..).unwrap_or_default());
            rest = later;
        }
        let met = met.get(..self.products()).unwrap_or_default();
        let mut sums = [0; WIDTH_MAX];
        let mut weights = self.weights;
        let mut next_row = || {
            let (row, later) = weights.split_at_checked(met.len()).unwrap_or_default();
            weights = later;
            row
        };
        let (biases, _) = self.biases.as_chunks::<ROWS>();
        for (sums, biases) in sums.as_chunks_mut::<ROWS>().0.iter_mut().zip(biases) {
            let rows = [(); ROWS].map(|()| next_row());
            for ((sum, bias), products) in sums.iter_mut().zip(biases).zip(dots(rows, met)) {
                *sum = bias + products;
            }
        }
        sums
    }

    /// What a hidden layer passes on: sums scaled, rounded to nearest, none below 0.
    pub(super) fn passed_on(&self, sums: &[i32; WIDTH_MAX]) -> [i16; WIDTH_MAX] {
        let half = 1 << (self.shift - 1);
        sums.map(|sum| ((sum + half) >> self.shift).clamp(0, VALUE_MAX) as i16)
    }

    /// Refuses, at compile time, a table that does not fit together or could overflow.
    pub(super) const fn check(&self, inputs: usize, last: bool) {
        assert!(self.inputs == inputs, "inputs are not the outputs of the layer before");
        assert!(self.inputs.is_multiple_of(WEIGHT_LANES), "inputs are no multiple of the lanes");
        assert!(self.outputs.is_multiple_of(ROWS), "outputs are no multiple of the rows");
        assert!(self.taps >= 1 && self.dilation >= 1 && self.outputs >= 1);
        assert!(self.weights.len() == self.outputs * self.products(), "weights are missing");
        assert!(self.biases.len() == self.outputs, "biases are missing");
        assert!(last || (self.shift >= 1 && self.shift <= 24), "no shift for a hidden layer");
        let half = if last { 0 } else { 1_i64 << (self.shift - 1) };
        let mut output = 0;
        while output < self.outputs {
            let mut largest = (self.biases[output] as i64).abs() + half;
            let mut i = output * self.products();
            while i < (output + 1) * self.products() {
                let weight = self.weights[i] as i32;
                assert!(-WEIGHT_MAX <= weight && weight <= WEIGHT_MAX, "a weight is too large");
                largest += (weight.abs() * VALUE_MAX) as i64;
                i += 1;
            }
            assert!(largest <= i32::MAX as i64, "a sum could overflow");
            output += 1;
        }
    }
}

/// As much as both have: `copy_from_slice` would panic where they differ.
fn copy(to: &mut [i16], from: &[i16]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
