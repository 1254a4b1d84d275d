//! Which form a count takes: the expression of `Plural-Forms` in a PO file, which is one of C
//! over `n` (GNU gettext's manual, "Additional functions for plural forms").

/// A compiled expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// The count.
    Count,
    /// A number.
    Number(u64),
    /// `!a`
    Not(Box<Rule>),
    /// `a <operator> b`
    Both(Operator, Box<Rule>, Box<Rule>),
    /// `a ? b : c`
    Choose(Box<[Rule; 3]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
}

use Operator::{
    And, Divide, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Minus, NotEqual, Or, Plus,
    Remainder, Times,
};

/// Operators by how loosely they bind; of two that begin alike the longer stands first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Or)],
    &[("&&", And)],
    &[("==", Equal), ("!=", NotEqual)],
    &[
        ("<=", LessOrEqual),
        (">=", GreaterOrEqual),
        ("<", Less),
        (">", Greater),
    ],
    &[("+", Plus), ("-", Minus)],
    &[("*", Times), ("/", Divide), ("%", Remainder)],
];

/// Longer than any language needs. A chain of operators is as deep as it is long.
const LONGEST: usize = 500;
/// Deeper than any language needs, and shallow enough for any stack.
const DEPTH_MAX: usize = 32;

impl Rule {
    /// Parses an expression; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parser = Parser {
            rest: text,
            depth: 0,
        };
        let rule = parser.choice()?;
        parser.space();
        parser.rest.is_empty().then_some(rule)
    }

    /// The value for a count. What C leaves undefined, a division by zero, is zero.
    pub(super) fn of(&self, n: u64) -> u64 {
        match self {
            Self::Count => n,
            Self::Number(value) => *value,
            Self::Not(rule) => u64::from(rule.of(n) == 0),
            Self::Choose(rules) => {
                let [condition, yes, no] = &**rules;
                if condition.of(n) != 0 {
                    yes.of(n)
                } else {
                    no.of(n)
                }
            }
            Self::Both(operator, a, b) => {
                let (a, b) = (a.of(n), b.of(n));
                match operator {
                    Or => u64::from(a != 0 || b != 0),
                    And => u64::from(a != 0 && b != 0),
                    Equal => u64::from(a == b),
                    NotEqual => u64::from(a != b),
                    LessOrEqual => u64::from(a <= b),
                    GreaterOrEqual => u64::from(a >= b),
                    Less => u64::from(a < b),
                    Greater => u64::from(a > b),
                    Plus => a.wrapping_add(b),
                    Minus => a.wrapping_sub(b),
                    Times => a.wrapping_mul(b),
                    Divide => a.checked_div(b).unwrap_or(0),
                    Remainder => a.checked_rem(b).unwrap_or(0),
                }
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, word: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn choice(&mut self) -> Option<Rule> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let condition = self.level(0)?;
        let rule = if self.takes("?") {
            let yes = self.choice()?;
            if !self.takes(":") {
                return None;
            }
            let no = self.choice()?;
            Rule::Choose(Box::new([condition, yes, no]))
        } else {
            condition
        };
        self.depth -= 1;
        Some(rule)
    }

    fn level(&mut self, level: usize) -> Option<Rule> {
        let Some(operators) = LEVELS.get(level) else {
            return self.single();
        };
        let mut left = self.level(level + 1)?;
        'more: loop {
            for (word, operator) in *operators {
                if self.takes(word) {
                    let right = self.level(level + 1)?;
                    left = Rule::Both(*operator, Box::new(left), Box::new(right));
                    continue 'more;
                }
            }
            return Some(left);
        }
    }

    fn single(&mut self) -> Option<Rule> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let rule = if self.takes("!") {
            Rule::Not(Box::new(self.single()?))
        } else if self.takes("(") {
            let inner = self.choice()?;
            if !self.takes(")") {
                return None;
            }
            inner
        } else if self.takes("n") {
            Rule::Count
        } else {
            let digits = self.rest.len()
                - self
                    .rest
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .len();
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            Rule::Number(number.parse().ok()?)
        };
        self.depth -= 1;
        Some(rule)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forms(rule: &str, counts: &[u64]) -> Vec<u64> {
        let rule = Rule::parse(rule).expect("a rule");
        counts.iter().map(|n| rule.of(*n)).collect()
    }

    #[test]
    fn languages_with_one_two_three_and_six_forms() {
        assert_eq!(forms("0", &[0, 1, 2]), [0, 0, 0]);
        assert_eq!(forms("(n != 1)", &[0, 1, 2]), [1, 0, 1]);
        assert_eq!(forms("n > 1", &[0, 1, 2]), [0, 0, 1]);
        let polish = "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2";
        assert_eq!(
            forms(polish, &[1, 2, 4, 5, 12, 22, 112, 122]),
            [0, 1, 1, 2, 2, 1, 2, 1]
        );
        let arabic =
            "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5";
        assert_eq!(forms(arabic, &[0, 1, 2, 3, 11, 100]), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn operators_bind_as_in_c() {
        assert_eq!(forms("1 + 2 * 3 - 8 / 4 % 3", &[0]), [5]);
        assert_eq!(forms("!n || 1 && 0", &[0, 1]), [1, 0]);
        assert_eq!(forms("7 / n + 7 % n", &[0]), [0]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for bad in [
            "",
            "n n",
            "(n",
            "n ?",
            "n ? 1",
            "m",
            "n = 1",
            "99999999999999999999999",
            "n;",
        ] {
            assert_eq!(Rule::parse(bad), None, "{bad}");
        }
        assert_eq!(Rule::parse(&"(".repeat(100_000)), None);
        assert_eq!(Rule::parse(&"!".repeat(100_000)), None);
        assert_eq!(Rule::parse(&format!("n{}", "+n".repeat(1_000_000))), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[n0-9!?:&|=<>+*/% ()-]{0,40}", n: u64) {
            if let Some(rule) = Rule::parse(&text) {
                rule.of(n);
            }
        }
    }
}
