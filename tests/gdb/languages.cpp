/* What C++ adds: references, bases and virtual functions, templates, enum classes, bit-fields, unions,
   pointers to members, lambdas, namespaces without a name, thread-local variables. */
#include <stdio.h>
#include <vector>

namespace ns {
enum class Hue { Red, Green = 7, Blue };

struct Base {
  int tag = 1;
  virtual int area() const = 0;
};

struct Square : Base {
  int side;
  explicit Square(int s) : side(s) { tag = 2; }
  int area() const override;
  static int count;
};
int Square::count = 5;

struct Cube : Square {
  long long volume;
  explicit Cube(int s) : Square(s), volume(1LL * s * s * s) {}
};

union Word {
  int i;
  float f;
  unsigned char bytes[4];
};

struct Bits {
  unsigned a : 3;
  signed b : 5;
  bool c : 1;
  long long d : 40;
};

template <class T> __attribute__((noinline)) T twice(T x) {
  T y = x + x;
  return y;
}

__attribute__((noinline)) int Square::area() const {
  int result = side * side;
  return result + count;
}

namespace {
__attribute__((noinline)) int hidden(int &&by, const char *text) {
  int sum = by + text[0];
  return sum;
}
}
}

using namespace ns;

int (*pointer)(int) = &twice<int>;
int Square::*member = &Square::side;
thread_local int local_to_thread = 3;

__attribute__((noinline)) int look(const Cube &cube, Hue hue, int &out, Word *word, const Bits *bits) {
  out = cube.side + (int)hue + word->i + bits->b;
  return out + local_to_thread;
}

static inline __attribute__((always_inline)) int inlined(int by) {
  int inner = by * 3;
  return inner + Square::count;
}

__attribute__((noinline)) int outer(int by, Base &base) {
  int sum = inlined(by) + base.area();
  auto add = [&](int more) {
    sum += more;
    return sum;
  };
  return add(by);
}

int main(int argc, char **) {
  Cube cube(4);
  Word word;
  word.f = 1.5f;
  Bits bits = {5, -3, true, 123456789012LL};
  std::vector<int> numbers = {1, 2, 3};
  int out = 0;
  int first = look(cube, Hue::Green, out, &word, &bits);
  int second = outer(argc, cube);
  double third = twice(2.5);
  int fourth = hidden(3, "abc");
  printf("%d %d %g %d %d %d\n", first, second, third, fourth, pointer(2), cube.*member);
  return (int)numbers.size() - 3;
}
