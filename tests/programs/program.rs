// What Rust's library and language make of a machine: collections, iterators, traits, pattern matching, formatting.
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::rc::Rc;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Operator(char),
    Open,
    Close,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        match c {
            ' ' => {
                rest.next();
            }
            '0'..='9' | '.' => {
                let mut number = String::new();
                while let Some(&d) = rest.peek() {
                    if !d.is_ascii_digit() && d != '.' {
                        break;
                    }
                    number.push(d);
                    rest.next();
                }
                found.push(Token::Number(number.parse().map_err(|e| format!("{number}: {e}"))?));
            }
            '(' | ')' => {
                found.push(if c == '(' { Token::Open } else { Token::Close });
                rest.next();
            }
            '+' | '-' | '*' | '/' => {
                found.push(Token::Operator(c));
                rest.next();
            }
            other => return Err(format!("unexpected {other:?}")),
        }
    }
    Ok(found)
}

fn sum(tokens: &mut VecDeque<Token>) -> f64 {
    let mut value = product(tokens);
    while let Some(Token::Operator(op @ ('+' | '-'))) = tokens.front().cloned() {
        tokens.pop_front();
        let other = product(tokens);
        value = if op == '+' { value + other } else { value - other };
    }
    value
}

fn product(tokens: &mut VecDeque<Token>) -> f64 {
    let mut value = atom(tokens);
    while let Some(Token::Operator(op @ ('*' | '/'))) = tokens.front().cloned() {
        tokens.pop_front();
        let other = atom(tokens);
        value = if op == '*' { value * other } else { value / other };
    }
    value
}

fn atom(tokens: &mut VecDeque<Token>) -> f64 {
    match tokens.pop_front() {
        Some(Token::Number(number)) => number,
        Some(Token::Open) => {
            let value = sum(tokens);
            tokens.pop_front();
            value
        }
        _ => f64::NAN,
    }
}

struct Matrix<const N: usize>([[i64; N]; N]);

impl<const N: usize> Matrix<N> {
    fn times(&self, other: &Self) -> Self {
        let mut product = [[0; N]; N];
        for (i, row) in product.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = (0..N).map(|k| self.0[i][k].wrapping_mul(other.0[k][j])).sum();
            }
        }
        Matrix(product)
    }
}

impl<const N: usize> fmt::Display for Matrix<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for row in &self.0 {
            writeln!(f, "{row:?}")?;
        }
        Ok(())
    }
}

fn main() {
    for text in ["1 + 2 * 3", "(1 + 2) * 3 / 4", "2 * (3 - 0.5", "7 % 2"] {
        match tokens(text) {
            Ok(found) => println!("{text} = {:?}", sum(&mut found.into())),
            Err(error) => println!("{text}: {error}"),
        }
    }
    let mut powers = Matrix([[1, 1], [1, 0]]);
    for _ in 0..5 {
        powers = powers.times(&powers);
    }
    print!("{powers}");
    let words = "one fish two fish red fish blue fish";
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in words.split(' ') {
        *counts.entry(word).or_default() += 1;
    }
    let ordered: BTreeMap<_, _> = counts.iter().collect();
    println!("{ordered:?}");
    let mut heap: BinaryHeap<u32> = (0..200).map(|n: u32| n.wrapping_mul(2654435761) >> 20).collect();
    let largest: Vec<_> = std::iter::from_fn(|| heap.pop()).take(5).collect();
    println!("{largest:?}");
    let shared = Rc::new(String::from("shared"));
    let copies: Vec<_> = (0..3).map(|n| (n, Rc::clone(&shared))).collect();
    println!("{} {:?} {:>8.3} {:#x}", Rc::strong_count(&shared), copies[1], 2f32.sqrt(), u64::MAX);
}
