// Objects that gdb makes itself: temporaries, and copies by a copy constructor.
struct Vector {
  int x, y, z;
  int scaled(Vector, int by) const { return x * by; }
};
int sum_of(const Vector &v) { return v.x + v.y + v.z; }
Vector plus(const Vector &a, const Vector &b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator+(const Vector &a, const Vector &b) { return plus(a, b); }

struct Counted {
  int value, copies;
  explicit Counted(int v) : value(v), copies(0) {}
  Counted(const Counted &other) : value(other.value), copies(other.copies + 1) {}
  ~Counted() { value = -1; }
};
int by_value(Counted c) { return c.value * 100 + c.copies; }
Counted make_counted(int v) { return Counted(v); }

struct First { virtual int first() { return 1; } };
struct Second { virtual int second() { return 2; } };
struct Both : First, Second {
  int third = 3;
  int second() override { return third; }
};

struct Root { int root = 4; virtual int above() { return root; } };
struct Left : virtual Root { int left = 5; };
struct Right : virtual Root { int right = 6; virtual int beside() { return right; } };
struct Diamond : Left, Right { int above() override { return left + right; } };

void look(void) {}

int main() {
  Vector vector = {1, 2, 0};
  Counted counted(7);
  Both both;
  Second *second = &both;
  Diamond diamond;
  Right *right = &diamond;
  Root *root = &diamond;
  look();
  return by_value(counted) != 701 || sum_of(vector + vector) != 6 ||
         vector.scaled(vector, 3) != 3 || make_counted(0).value ||
         second->second() != 3 ||
         right->beside() != 6 || root->above() != 11;
}
