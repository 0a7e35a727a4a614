//! Lines that run together: all that lead to the same key of a card, to one side of it.

use super::part::{Link, Part, Pin};

/// A side of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// All lines to one key of a card from one side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Net {
    pub number: usize,
    /// The key.
    pub parent: Pin,
    /// The side of the parent where they arrive.
    pub side: Side,
    /// Where they pass the columns between, from the parent outward.
    bends: Vec<Pin>,
}

/// What a net has in a gap between two columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Crossing {
    pub net: usize,
    /// What it touches on the left of the gap.
    pub left: Vec<Pin>,
    /// What it touches on the right.
    pub right: Vec<Pin>,
}

/// All nets of a part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nets {
    nets: Vec<Net>,
    /// The net of each link.
    of_link: Vec<usize>,
    links: Vec<Link>,
    layers: Vec<usize>,
    /// What runs right of each column.
    pub gaps: Vec<Vec<Crossing>>,
    /// The bends in each column; they are items after the cards.
    pub bends: Vec<Vec<usize>>,
}

impl Net {
    /// The side of a card where its line to the parent leaves.
    pub fn child_side(&self, child: usize) -> Side {
        if child == self.parent.item || self.side == Side::Left { Side::Right } else { Side::Left }
    }
}

impl Nets {
    /// The nets of a part whose cards stand in these columns.
    pub fn of(part: &Part, layers: &[usize]) -> Nets {
        let columns = layers.iter().max().map_or(0, |last| last + 1);
        let mut all = Nets {
            nets: Vec::new(),
            of_link: Vec::new(),
            links: part.links.clone(),
            layers: layers.to_vec(),
            gaps: vec![Vec::new(); columns],
            bends: vec![Vec::new(); columns],
        };
        let mut items = part.cards.len();
        for link in &part.links {
            let side = if layers[link.child.item] < layers[link.parent.item] { Side::Left } else { Side::Right };
            let found = all.nets.iter().position(|net| net.parent == link.parent && net.side == side);
            let number = found.unwrap_or_else(|| {
                all.nets.push(Net { number: all.nets.len(), parent: link.parent, side, bends: Vec::new() });
                all.nets.len() - 1
            });
            all.of_link.push(number);
            let net = &mut all.nets[number];
            let (child, parent) = (layers[link.child.item], layers[link.parent.item]);
            while net.bends.len() + 1 < child.abs_diff(parent) {
                let away = net.bends.len() + 1;
                all.bends[if side == Side::Right { parent + away } else { parent - away }].push(items);
                net.bends.push(Pin { item: items, offset: 0.0 });
                items += 1;
            }
        }
        for link in 0..part.links.len() {
            all.cross(link);
        }
        all
    }

    /// Notes what a link touches in each gap on its way.
    fn cross(&mut self, link: usize) {
        let mut from = self.links[link].child;
        let (net, route) = self.route(link);
        let (number, side) = (net.number, net.child_side(from.item));
        let is_loop = from.item == net.parent.item;
        for (gap, to) in route {
            let crossings = &mut self.gaps[gap];
            let known = crossings.iter().position(|crossing| crossing.net == number).unwrap_or_else(|| {
                crossings.push(Crossing { net: number, left: Vec::new(), right: Vec::new() });
                crossings.len() - 1
            });
            let Crossing { left, right, .. } = &mut crossings[known];
            let (near, far) = match side {
                Side::Left => (right, left),
                Side::Right => (left, right),
            };
            touch(near, from);
            touch(if is_loop { near } else { far }, to);
            from = to;
        }
    }

    /// The net of a link, and its way from the child: each gap, and the place beyond it where the line goes on.
    pub fn route(&self, link: usize) -> (&Net, Vec<(usize, Pin)>) {
        let net = &self.nets[self.of_link[link]];
        let (child, parent) = (self.layers[self.links[link].child.item], self.layers[net.parent.item]);
        // Bends are counted from the parent: the one next to it is the first.
        let place = |away: usize| if away == 0 { net.parent } else { net.bends[away - 1] };
        let route = match net.side {
            Side::Right if child == parent => vec![(parent, net.parent)],
            Side::Right => (parent..child).rev().map(|gap| (gap, place(gap - parent))).collect(),
            Side::Left => (child..parent).map(|gap| (gap, place(parent - gap - 1))).collect(),
        };
        (net, route)
    }
}

fn touch(pins: &mut Vec<Pin>, pin: Pin) {
    if !pins.contains(&pin) {
        pins.push(pin);
    }
}

impl Crossing {
    /// The pairs of a place on the left and one on the right that it connects.
    pub fn pairs(&self) -> impl Iterator<Item = (Pin, Pin)> + '_ {
        self.left.iter().flat_map(|&left| self.right.iter().map(move |&right| (left, right)))
    }
}
