//! How the lines of a gap between two columns are kept apart: each net has a lane of its own to run up and down in.

/// Lines nearer to each other than this are not told apart.
const NEAR: f64 = 5.0;
/// How much worse it is that two lines lie on each other than that they cross.
const OVERLAP: usize = 50;

/// What runs up and down in a gap, by where its branches leave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trunk {
    /// The branches to the left.
    pub left: Vec<f64>,
    /// The branches to the right.
    pub right: Vec<f64>,
}

impl Trunk {
    fn reaches(&self, y: f64) -> bool {
        let (top, bottom) = self.span();
        top - NEAR < y && y < bottom + NEAR
    }

    fn span(&self) -> (f64, f64) {
        let ends = || self.left.iter().chain(&self.right).copied();
        (ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max))
    }

    fn overlaps(&self, other: &Trunk) -> bool {
        let ((top, bottom), (other_top, other_bottom)) = (self.span(), other.span());
        top - NEAR < other_bottom && other_top < bottom + NEAR
    }

    /// Whether it needs no lane: it runs straight across.
    fn is_straight(&self) -> bool {
        let (top, bottom) = self.span();
        bottom - top < 0.5
    }
}

/// What it costs that one trunk runs left of another.
fn cost(left: &Trunk, right: &Trunk) -> usize {
    let crossed = left.right.iter().filter(|&&y| right.reaches(y)).count()
        + right.left.iter().filter(|&&y| left.reaches(y)).count();
    let lies = |y: &f64| right.left.iter().any(|other| (other - y).abs() < NEAR);
    crossed + OVERLAP * left.right.iter().filter(|y| lies(y)).count()
}

/// The lane of each trunk, counted from the left.
pub(super) fn lanes(trunks: &[Trunk]) -> Vec<usize> {
    let bent: Vec<usize> = (0..trunks.len()).filter(|&trunk| !trunks[trunk].is_straight()).collect();
    let mut order: Vec<usize> = Vec::new();
    for &trunk in &bent {
        let cost_at = |place: usize| -> usize {
            let left: usize = order[..place].iter().map(|&other| cost(&trunks[other], &trunks[trunk])).sum();
            left + order[place..].iter().map(|&other| cost(&trunks[trunk], &trunks[other])).sum::<usize>()
        };
        let best = (0..=order.len()).min_by_key(|&place| cost_at(place));
        order.insert(best.unwrap_or_default(), trunk);
    }
    for _ in 0..order.len() {
        let mut has_improved = false;
        for place in 1..order.len() {
            let (left, right) = (&trunks[order[place - 1]], &trunks[order[place]]);
            if cost(right, left) < cost(left, right) {
                order.swap(place - 1, place);
                has_improved = true;
            }
        }
        if !has_improved {
            break;
        }
    }
    let mut lanes = vec![0; trunks.len()];
    for (place, &trunk) in order.iter().enumerate() {
        let beside = order[..place].iter().filter(|&&other| trunks[other].overlaps(&trunks[trunk]));
        lanes[trunk] = beside.map(|&other| lanes[other] + 1).max().unwrap_or_default();
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_meet_have_lanes_of_their_own() {
        let one = Trunk { left: vec![0.0], right: vec![100.0] };
        let other = Trunk { left: vec![50.0], right: vec![150.0] };
        let lanes = lanes(&[one, other]);
        assert_ne!(lanes[0], lanes[1]);
        assert!(lanes[0] > lanes[1], "this way they do not cross: {lanes:?}");
    }

    #[test]
    fn lines_far_from_each_other_share_a_lane() {
        let one = Trunk { left: vec![0.0], right: vec![100.0] };
        let other = Trunk { left: vec![200.0], right: vec![300.0] };
        assert_eq!(lanes(&[one, other]), [0, 0]);
    }

    #[test]
    fn a_line_that_leaves_where_another_arrives_does_not_lie_on_it() {
        let arrives = Trunk { left: vec![0.0], right: vec![100.0] };
        let leaves = Trunk { left: vec![100.0], right: vec![200.0] };
        let lanes = lanes(&[arrives, leaves]);
        assert!(lanes[1] < lanes[0], "{lanes:?}");
    }
}
