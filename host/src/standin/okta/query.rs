//! Which page a query asks for: `limit=N`, and `after=OPAQUE` on all pages but the first.

/// The pages of the list.
pub(super) struct Pages {
    people: u64,
    max_page: u64,
    /// What makes cursors of another server, or cursors made up, come to nothing.
    secret: u64,
}

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) start: u64,
    pub(super) limit: u64,
}

impl Pages {
    pub(super) fn new(people: u64, max_page: u64) -> Self {
        Self {
            people,
            max_page,
            secret: fastrand::u64(..),
        }
    }

    /// The page that a query asks for, or what is wrong with it.
    pub(super) fn of(&self, query: &str) -> Result<Page, String> {
        let (mut start, mut limit) = (None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "after" => &mut start,
                "limit" => &mut limit,
                _ => return Err(format!("nothing is known of the parameter `{name}`")),
            };
            let number = match &*name {
                "after" => self.position(&value).ok_or("`after` is none that was given out")?,
                _ => self
                    .limit(&value)
                    .ok_or_else(|| format!("`limit` is not a number from 1 to {}", self.max_page))?,
            };
            if field.replace(number).is_some() {
                return Err(format!("the parameter `{name}` is there twice"));
            }
        }
        Ok(Page {
            start: start.unwrap_or(0),
            limit: limit.unwrap_or(self.max_page),
        })
    }

    /// The query of a page.
    pub(super) fn query(&self, start: u64, limit: u64) -> String {
        if start == 0 {
            format!("limit={limit}")
        } else {
            format!("after={}&limit={limit}", self.cursor(start))
        }
    }

    fn limit(&self, value: &str) -> Option<u64> {
        let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
        value
            .parse()
            .ok()
            .filter(|limit| is_plain && (1..=self.max_page).contains(limit))
    }

    /// What stands for a position. It looks like nothing that can be counted up.
    fn cursor(&self, start: u64) -> String {
        let mask = mix(self.secret);
        format!("200u{:016x}{:08x}", start ^ mask, mix(start ^ self.secret) >> 32)
    }

    fn position(&self, cursor: &str) -> Option<u64> {
        let start = u64::from_str_radix(cursor.get(4..20)?, 16).ok()? ^ mix(self.secret);
        (start < self.people && self.cursor(start) == cursor).then_some(start)
    }
}

/// Spreads a number over all bits (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_its_query_says_and_nothing_else_is_taken() {
        let pages = Pages::new(1_000, 200);
        assert_eq!(pages.of(""), Ok(Page { start: 0, limit: 200 }));
        assert_eq!(pages.of("limit=1"), Ok(Page { start: 0, limit: 1 }));
        assert_eq!(pages.of(&pages.query(400, 200)), Ok(Page { start: 400, limit: 200 }));
        let other = Pages {
            secret: pages.secret ^ 1,
            ..Pages::new(1_000, 200)
        };
        for query in [
            "limit=0",
            "limit=201",
            "limit=+5",
            "limit=",
            "limit=1&limit=1",
            "offset=1",
            "after=",
            "after=200",
            "after=é00000000000000000000000000000",
            &other.query(400, 200),
            &pages.query(1_000, 200),
        ] {
            assert!(pages.of(query).is_err(), "{query}");
        }
    }
}
