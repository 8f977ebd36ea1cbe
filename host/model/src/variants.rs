//! Lists of the variants of enums.

use strum::VariantArray;

/// Returns all variants of an enum, in their order.
///
/// # Panics
/// The array has another length; in a constant, this is an error of the compiler.
pub const fn variants<T: VariantArray + Copy, const N: usize>() -> [T; N] {
    match T::VARIANTS.first_chunk() {
        Some(all) if T::VARIANTS.len() == N => *all,
        _ => panic!("the enum has another number of variants"),
    }
}
