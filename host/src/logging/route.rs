//! Which handlers get a line, by the name of who logs it: Python's rules for loggers.

use super::config::{Config, Logger};

/// Python's level of a root that says nothing.
const DEFAULT_LEVEL: u8 = 30;

/// The loggers of a configuration.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    loggers: Vec<Logger>,
}

impl Routes {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            loggers: config.loggers.clone(),
        }
    }

    /// The least level at which anything is logged by any name.
    pub(super) fn least_level(&self) -> u8 {
        let named = self.loggers.iter().filter_map(|logger| logger.level).min();
        let root = self.level("");
        named.map_or(root, |named| named.min(root))
    }

    /// The handlers of a line, in order; one may stand there twice, as with Python.
    pub(super) fn handlers(&self, name: &str, level: u8) -> Vec<usize> {
        if level < self.level(name) {
            return Vec::new();
        }
        let mut handlers = Vec::new();
        for logger in self.above(name) {
            handlers.extend(&logger.handlers);
            if !logger.propagates {
                break;
            }
        }
        handlers
    }

    fn level(&self, name: &str) -> u8 {
        let level = self.above(name).find_map(|logger| logger.level);
        level.unwrap_or(DEFAULT_LEVEL)
    }

    /// The logger of a name and those above it: `a.b`, `a`, the root.
    fn above<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Logger> {
        let names = std::iter::successors(Some(name), |name| {
            if name.is_empty() {
                None
            } else {
                Some(name.rsplit_once('.').map_or("", |(above, _)| above))
            }
        });
        names.filter_map(|name| self.loggers.iter().find(|logger| logger.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logger(name: &str, level: Option<u8>, handlers: &[usize], propagates: bool) -> Logger {
        Logger {
            name: name.to_owned(),
            level,
            handlers: handlers.to_vec(),
            propagates,
        }
    }

    #[test]
    fn levels_come_from_above_and_lines_go_up_until_a_logger_keeps_them() {
        let routes = Routes {
            loggers: vec![
                logger("", Some(20), &[0], true),
                logger("a", Some(40), &[1], true),
                logger("a.b", None, &[2], true),
                logger("a.c", Some(10), &[3], false),
            ],
        };
        for (name, level, handlers) in [
            ("x", 20, &[0][..]),
            ("x", 10, &[]),
            ("a", 30, &[]),
            ("a", 40, &[1, 0]),
            ("a.b", 40, &[2, 1, 0]),
            ("a.b.deeper", 40, &[2, 1, 0]),
            ("a.b", 30, &[]),
            ("a.c", 10, &[3]),
            ("ab", 20, &[0]),
        ] {
            assert_eq!(routes.handlers(name, level), handlers, "{name} {level}");
        }
        assert_eq!(routes.least_level(), 10);
        assert_eq!(Routes { loggers: Vec::new() }.handlers("x", 50), Vec::<usize>::new());
    }
}
