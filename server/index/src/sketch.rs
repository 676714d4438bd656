//! Sketches: of each recording one code a second. They are a twentieth of the codes, so that those
//! of many recordings can be gone through where the codes could not.

use std::ops::Range;

use crate::band::Lengths;
use crate::part::{IndexError, Source};
use crate::recordings::Ordinal;

/// Codes from one that is kept to the next (1 s).
pub(crate) const SKETCH_CODES: usize = 20;

/// Appends the sketch of a recording.
pub(crate) fn sketch(codes: &[u8], into: &mut Vec<u8>) {
    into.extend(codes.iter().step_by(SKETCH_CODES));
}

/// Hands over the sketch of each of these recordings that is so long, of a source that keeps none.
pub(crate) fn of_codes(
    source: &dyn Source,
    of: Range<usize>,
    lengths: &Lengths,
    visit: &mut dyn FnMut(Ordinal, &[u8]),
) -> Result<(), IndexError> {
    let (mut codes, mut own) = (vec![], vec![]);
    for ordinal in of {
        let ordinal = ordinal as Ordinal;
        if lengths.has(source.recordings().row(ordinal).codes) {
            source.read_codes(ordinal, &mut codes)?;
            own.clear();
            sketch(&codes, &mut own);
            visit(ordinal, &own);
        }
    }
    Ok(())
}
