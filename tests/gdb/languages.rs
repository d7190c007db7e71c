//! What Rust adds: enums with data, options, boxes, slices and strings, tuples, generics, traits.

enum Shape {
    Circle(f64),
    Rect { w: i32, h: i32 },
    Unit,
}

#[derive(Clone, Copy)]
enum Color {
    Red = 1,
    Green = 5,
    Blue = 9,
}

struct Point<T> {
    x: T,
    y: T,
}

impl<T: Copy + Into<f64>> Point<T> {
    #[inline(never)]
    fn norm(&self) -> f64 {
        let a: f64 = self.x.into();
        let b: f64 = self.y.into();
        (a * a + b * b).sqrt()
    }
}

#[inline(never)]
fn area(shape: &Shape) -> f64 {
    match shape {
        Shape::Circle(r) => r * r * 3.0,
        Shape::Rect { w, h } => (w * h) as f64,
        Shape::Unit => 1.0,
    }
}

#[inline(never)]
fn total(
    numbers: &[i32],
    name: &str,
    extra: &Option<u32>,
    boxed: &Option<Box<i64>>,
    pair: &(u8, char, bool),
) -> i64 {
    let mut sum = name.len() as i64 + name.as_bytes()[0] as i64;
    for number in numbers {
        sum += *number as i64;
    }
    if let Some(more) = extra {
        sum += *more as i64;
    }
    if let Some(held) = boxed {
        sum += **held;
    }
    sum + pair.0 as i64
}

trait Speak {
    fn speak(&self) -> usize;
}

struct Dog {
    age: usize,
}

impl Speak for Dog {
    #[inline(never)]
    fn speak(&self) -> usize {
        self.age + 1
    }
}

#[inline(never)]
fn dynamic(speaker: &dyn Speak) -> usize {
    speaker.speak()
}

static mut COUNTER: i32 = 41;

fn main() {
    let shapes = [Shape::Circle(2.0), Shape::Rect { w: 3, h: 4 }, Shape::Unit];
    let mut sum = 0.0;
    for shape in &shapes {
        sum += area(shape);
    }
    let numbers = [1, 2, 3];
    // Of these the compiler must not know what they are, else there is nothing to pass.
    let argc = std::env::args().count();
    let (some, none) = (Some(6 + argc as u32), None);
    let (first, second) = if argc == 1 { ("hello", "abc") } else { ("", "") };
    let with = total(&numbers, first, &some, &Some(Box::new(100)), &(1, 'x', true));
    let without = total(&numbers[argc..], second, &none, &None, &(2, 'y', false));
    let point = Point { x: 3.0f32, y: 4.0f32 };
    let dog = Dog { age: 4 };
    unsafe { COUNTER += 1 };
    let colors = [Color::Red, Color::Green, Color::Blue];
    let picked = colors[numbers.len() % 3] as i32;
    println!("{} {} {} {} {} {}", sum, with, without, point.norm(), dynamic(&dog), picked);
}
