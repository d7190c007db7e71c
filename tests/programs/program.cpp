// What C++'s library and language make of a machine: containers, strings, sorting, virtual calls, templates, streams.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
  virtual std::string name() const { return "shape"; }
};

struct Circle : Shape {
  double radius;
  explicit Circle(double r) : radius(r) {}
  double area() const override { return 3.25 * radius * radius; }
  std::string name() const override { return "circle"; }
};

struct Box : Shape {
  double width, height;
  Box(double w, double h) : width(w), height(h) {}
  double area() const override { return width * height; }
};

template <typename T> T total(const std::vector<T> &values) {
  return std::accumulate(values.begin(), values.end(), T{});
}

static unsigned seed = 12345;
static unsigned next_random() { return seed = seed * 1664525u + 1013904223u; }

int main() {
  std::vector<std::unique_ptr<Shape>> shapes;
  for (int i = 0; i < 20; i++) {
    if (i % 3)
      shapes.push_back(std::make_unique<Box>(i, i * 0.5));
    else
      shapes.push_back(std::make_unique<Circle>(i));
  }
  std::map<std::string, double> areas;
  for (const auto &shape : shapes)
    areas[shape->name()] += shape->area();
  for (const auto &[name, area] : areas)
    std::printf("%s %.3f\n", name.c_str(), area);

  std::vector<long long> numbers(2000);
  std::generate(numbers.begin(), numbers.end(), [] { return next_random() % 10000; });
  std::sort(numbers.begin(), numbers.end(), std::greater<long long>());
  std::set<long long> distinct(numbers.begin(), numbers.end());
  std::printf("%lld %lld %zu %lld\n", numbers.front(), numbers.back(), distinct.size(), total(numbers));

  std::unordered_map<std::string, int> counts;
  std::istringstream text("to be or not to be that is the question whether it is nobler to be");
  for (std::string word; text >> word;)
    counts[word]++;
  std::vector<std::pair<int, std::string>> ranked;
  for (const auto &[word, count] : counts)
    ranked.emplace_back(-count, word);
  std::sort(ranked.begin(), ranked.end());
  std::ostringstream out;
  for (const auto &[count, word] : ranked)
    out << word << ':' << -count << ' ';
  std::printf("%s\n", out.str().c_str());

  std::vector<std::function<int(int)>> steps;
  for (int i = 1; i <= 5; i++)
    steps.push_back([i](int value) { return value * i + 1; });
  int value = 1;
  for (const auto &step : steps)
    value = step(value);
  std::vector<float> floats(100);
  std::iota(floats.begin(), floats.end(), 0.5f);
  std::printf("%d %.2f\n", value, total(floats));
}
