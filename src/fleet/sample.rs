//! The databases that a rehearsal is held on: the largest, the oldest, and some by lot.

use std::cmp::Reverse;
use std::time::SystemTime;

use super::list::Member;
use crate::libsql::Address;

/// So many of the databases that are there: a third the largest, a third the oldest, the others by lot. The same
/// fleet gives the same ones each time.
#[must_use]
pub fn sample(members: &[Member], number: usize) -> Vec<Member> {
    let mut left: Vec<(&Member, u64, SystemTime)> = members
        .iter()
        .filter_map(|member| {
            // A server says nothing of size and age: each of its databases is as good as the next.
            if Address::is_meant(&member.path.to_string_lossy()) {
                return Some((member, 0, SystemTime::UNIX_EPOCH));
            }
            let file = member.path.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((member, file.len(), file.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
        })
        .collect();
    let number = number.min(left.len());
    let third = number.div_ceil(3);
    let mut chosen = Vec::new();
    left.sort_by_key(|(member, size, _)| (Reverse(*size), &member.id));
    chosen.extend(left.drain(..third.min(left.len())));
    left.sort_by_key(|(member, _, modified)| (*modified, &member.id));
    chosen.extend(left.drain(..third.min(number - chosen.len())));
    left.sort_by_key(|(member, ..)| &member.id);
    let mut lot: u64 = 0x9e37_79b9_7f4a_7c15;
    while chosen.len() < number {
        // xorshift64 (Marsaglia, 2003)
        lot ^= lot << 13;
        lot ^= lot >> 7;
        lot ^= lot << 17;
        let at = usize::try_from(lot % left.len() as u64).unwrap_or_default();
        chosen.push(left.remove(at));
    }
    chosen.into_iter().map(|(member, ..)| member.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn member(folder: &Path, id: usize) -> Member {
        Member { id: format!("{id:02}"), path: folder.join(format!("{id}.db")), wave: None }
    }

    #[test]
    fn the_largest_the_oldest_and_some_by_lot_are_chosen_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut members: Vec<Member> = (0..20).map(|id| member(folder.path(), id)).collect();
        for (id, member) in members.iter().enumerate() {
            std::fs::write(&member.path, vec![0; if id == 7 { 1000 } else { 10 }]).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(if id == 3 { 1 } else { 1000 });
            std::fs::File::options().write(true).open(&member.path).unwrap().set_modified(time).unwrap();
        }
        members.push(member(folder.path(), 99));
        let ids = |number| sample(&members, number).into_iter().map(|member| member.id).collect::<Vec<_>>();
        let three = ids(3);
        assert_eq!(three[..2], ["07", "03"]);
        assert_eq!(three, ids(3));
        for number in [0, 1, 2, 4, 20, 50] {
            let mut chosen = ids(number);
            chosen.sort();
            chosen.dedup();
            assert_eq!(chosen.len(), number.min(20), "{number}");
            assert!(!chosen.contains(&"99".to_owned()));
        }
    }
}
