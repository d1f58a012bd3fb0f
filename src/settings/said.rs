//! What one source said about one row, not judged yet.

use super::problem::Origin;
use super::tree::Shape;

/// One value. A list is several, of one row and one layer.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) row: usize,
    pub(super) text: String,
    /// How the file wrote it; the other sources have only text.
    pub(super) shape: Option<Shape>,
    pub(super) origin: Origin,
    /// Of lists of tables, where it was said.
    pub(super) element: Option<usize>,
}
