// C++ names: namespaces, templates, methods, an anonymous namespace, a static member.
namespace ns {
struct Base {
  int b;
  virtual int area() const { return b; }
};
struct Square : Base {
  int side;
  static int count;
  Square(int s) : side(s) { b = 1; count++; }
  int area() const override;
};
int Square::count = 0;
int Square::area() const {
  static int calls;
  calls++;
  return side * side * calls;
}
template <class T> T twice(T x) { return x + x; }
namespace {
int hidden(int q) { return q * 3; }
}
int use(const Base &r) { return r.area() + twice<int>(r.b) + hidden(2) + (int)twice(1.5); }
}

int main() {
  ns::Square s(4);
  return ns::use(s);
}
