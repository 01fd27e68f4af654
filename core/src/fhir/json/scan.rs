//! One pass over a text that finds where its values begin and end.
//!
//! It looks at structure only; whether the text is JSON is for `serde_json` to say. So it takes any text, and whatever it
//! returns of a text that is not JSON is thrown away.

use std::borrow::Cow;
use std::mem::size_of;

use memchr::memchr2;

use super::{Large, Member, Node, Parts};

/// The deepest nesting that is read. FHIR resources stay far below; `serde_json`'s own limit is 128.
pub(super) const MAX_DEPTH: usize = 100;

/// Objects with more members than this are searched by halves.
const FEW: usize = 16;

/// What an allocation costs beside what it holds.
const OVERHEAD: usize = 16;

/// Why a text is not read, and the byte where that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Malformed(usize),
    Twice(usize),
    Deep(usize),
    Large(usize),
}

/// Reads trees from a text. What they may take of memory is counted before it is taken.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
    left: usize,
    // What is being read at each level; taken over by its node when that is complete.
    members: Vec<Member<'a>>,
    items: Vec<Node<'a>>,
}

impl<'a> Scan<'a> {
    /// Trees that take together at most `memory` bytes.
    pub(super) fn new(text: &'a str, memory: usize) -> Self {
        Self { text, at: 0, left: memory, members: Vec::new(), items: Vec::new() }
    }

    /// The next value with all that is in it.
    pub(super) fn tree(&mut self) -> Result<Node<'a>, Stop> {
        self.space();
        self.value(0)
    }

    /// The next value; of an object or a list, what is directly in it, and of that only the text.
    pub(super) fn shallow(&mut self) -> Result<Node<'a>, Stop> {
        self.space();
        // One level of nodes, each of which is skipped.
        match self.byte() {
            Some(b'{') => self.object(MAX_DEPTH + 1, Self::skipped),
            Some(b'[') => self.array(MAX_DEPTH + 1, Self::skipped),
            _ => self.value(0),
        }
    }

    /// Goes into a list, whose items are then read one by one.
    pub(super) fn enter(&mut self) -> Result<(), Stop> {
        self.space();
        self.expect(b'[')
    }

    /// The text of the next item of the list that was entered; `None` at its end.
    pub(super) fn item(&mut self) -> Result<Option<&'a str>, Stop> {
        self.space();
        match self.byte() {
            Some(b']') => return Ok(None),
            Some(b',') => self.at += 1,
            _ => {}
        }
        self.space();
        let start = self.at;
        self.skip()?;
        self.since(start).map(Some)
    }

    /// Passes over the next value, and refuses one that is nested too deeply.
    pub(super) fn skip(&mut self) -> Result<(), Stop> {
        self.space();
        if !matches!(self.byte(), Some(b'{' | b'[')) {
            return if self.byte() == Some(b'"') { self.string().map(|_| ()) } else { self.word() };
        }
        let mut depth = 0;
        loop {
            // Commas, numbers and white space are not looked at.
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let found = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
            self.at += found.ok_or(Stop::Malformed(self.at))?;
            match self.byte() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') if depth > MAX_DEPTH => return Err(Stop::Deep(self.at)),
                Some(b'{' | b'[') => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skipped(&mut self, _: usize) -> Result<Node<'a>, Stop> {
        let start = self.at;
        self.skip()?;
        Ok(Node { raw: self.since(start)?, parts: Parts::None })
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Stop> {
        let start = self.at;
        match self.byte().ok_or(Stop::Malformed(start))? {
            b'{' | b'[' if depth > MAX_DEPTH => Err(Stop::Deep(start)),
            b'{' => self.object(depth + 1, Self::value),
            b'[' => self.array(depth + 1, Self::value),
            b'"' => {
                self.string()?;
                Ok(Node { raw: self.since(start)?, parts: Parts::None })
            }
            _ => {
                self.word()?;
                Ok(Node { raw: self.since(start)?, parts: Parts::None })
            }
        }
    }

    fn object(
        &mut self,
        depth: usize,
        read: fn(&mut Self, usize) -> Result<Node<'a>, Stop>,
    ) -> Result<Node<'a>, Stop> {
        let (start, base) = (self.at, self.members.len());
        self.at += 1;
        self.space();
        if self.byte() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                let name = self.name()?;
                self.space();
                self.expect(b':')?;
                self.space();
                let value = read(self, depth)?;
                if self.members.len() == self.members.capacity() {
                    charge(
                        &mut self.left,
                        self.at,
                        self.members.capacity().max(32) * size_of::<Member<'_>>(),
                    )?;
                    self.members.reserve_exact(self.members.capacity().max(32));
                }
                self.members.push((name, value));
                if self.closes(b'}')? {
                    break;
                }
            }
        }
        let count = self.members.len() - base;
        let size = count * size_of::<Member<'_>>() + OVERHEAD;
        charge(&mut self.left, self.at, size)?;
        let members: Box<[Member<'a>]> = self.members.drain(base..).collect();
        let by_name = self.by_name(&members)?;
        let parts = if by_name.is_empty() {
            Parts::Object(members)
        } else {
            Parts::Large(Box::new(Large { members, by_name }))
        };
        Ok(Node { raw: self.since(start)?, parts })
    }

    fn array(
        &mut self,
        depth: usize,
        read: fn(&mut Self, usize) -> Result<Node<'a>, Stop>,
    ) -> Result<Node<'a>, Stop> {
        let (start, base) = (self.at, self.items.len());
        self.at += 1;
        self.space();
        if self.byte() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                let item = read(self, depth)?;
                if self.items.len() == self.items.capacity() {
                    charge(&mut self.left, self.at, self.items.capacity().max(32) * size_of::<Node<'_>>())?;
                    self.items.reserve_exact(self.items.capacity().max(32));
                }
                self.items.push(item);
                if self.closes(b']')? {
                    break;
                }
            }
        }
        let count = self.items.len() - base;
        let size = count * size_of::<Node<'_>>() + OVERHEAD;
        charge(&mut self.left, self.at, size)?;
        let items = self.items.drain(base..).collect();
        Ok(Node { raw: self.since(start)?, parts: Parts::Array(items) })
    }

    /// The order of a large object's members by name. Refuses a name that stands there twice.
    fn by_name(&mut self, members: &[Member<'a>]) -> Result<Box<[u32]>, Stop> {
        let twice = |value: &Node<'_>| Stop::Twice(super::offset(self.text, value.raw));
        if members.len() <= FEW {
            let mut before = members;
            while let Some(((name, value), rest)) = before.split_last() {
                if rest.iter().any(|(other, _)| is(other, name)) {
                    return Err(twice(value));
                }
                before = rest;
            }
            return Ok(Box::default());
        }
        charge(&mut self.left, self.at, 2 * members.len() * size_of::<u32>() + OVERHEAD)?;
        let name = |place: &u32| members.get(*place as usize).map_or("", |(name, _)| name.as_ref());
        let count = u32::try_from(members.len()).map_err(|_| Stop::Large(self.at))?;
        let mut order: Box<[u32]> = (0..count).collect();
        order.sort_by(|one, two| name(one).cmp(name(two)));
        for (one, two) in order.iter().zip(order.iter().skip(1)) {
            if name(one) == name(two)
                && let Some((_, value)) = members.get(*two as usize)
            {
                return Err(twice(value));
            }
        }
        Ok(order)
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Stop> {
        let start = self.at;
        let escaped = self.string()?;
        let quoted = self.since(start)?;
        if escaped {
            // A lone surrogate is no name.
            let name: String = serde_json::from_str(quoted).map_err(|_| Stop::Malformed(start))?;
            charge(&mut self.left, start, name.len() + OVERHEAD)?;
            Ok(Cow::Owned(name))
        } else {
            quoted.get(1..quoted.len() - 1).map(Cow::Borrowed).ok_or(Stop::Malformed(start))
        }
    }

    /// Passes over a string, and says whether there is an escape in it.
    fn string(&mut self) -> Result<bool, Stop> {
        let start = self.at;
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let found = memchr2(b'"', b'\\', rest).ok_or(Stop::Malformed(start))?;
            self.at += found + 1;
            if rest.get(found) == Some(&b'"') {
                return Ok(escaped);
            }
            escaped = true;
            self.at += 1;
        }
    }

    /// Passes over a number or a literal.
    fn word(&mut self) -> Result<(), Stop> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        if length == 0 {
            return Err(Stop::Malformed(self.at));
        }
        self.at += length;
        Ok(())
    }

    /// Whether the container ends here; otherwise another value follows.
    fn closes(&mut self, end: u8) -> Result<bool, Stop> {
        self.space();
        let next = self.byte();
        self.at += 1;
        match next {
            Some(byte) if byte == end => Ok(true),
            Some(b',') => {
                self.space();
                Ok(false)
            }
            _ => Err(Stop::Malformed(self.at - 1)),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.byte() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(Stop::Malformed(self.at))
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, start: usize) -> Result<&'a str, Stop> {
        self.text.get(start..self.at).ok_or(Stop::Malformed(start))
    }
}

/// Whether two names are one; most that are not differ in their length or their last letter.
fn is(one: &str, two: &str) -> bool {
    one.len() == two.len() && one.as_bytes().last() == two.as_bytes().last() && one == two
}

fn charge(left: &mut usize, at: usize, size: usize) -> Result<(), Stop> {
    *left = left.checked_sub(size).ok_or(Stop::Large(at))?;
    Ok(())
}
