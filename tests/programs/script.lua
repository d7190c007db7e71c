-- Tables, closures, metatables, strings, patterns, integers and floats, and a collector that has work to do.
local seed = 42
local function random(n) seed = (seed * 16807) % 2147483647; return seed % n end

local list = {}
for i = 1, 500 do list[i] = random(1000) end
table.sort(list)
print(#list, list[1], list[250], list[500])

local Account = {}
Account.__index = Account
function Account.new(balance) return setmetatable({balance = balance}, Account) end
function Account:deposit(amount) self.balance = self.balance + amount; return self end
Account.__add = function(a, b) return Account.new(a.balance + b.balance) end
Account.__tostring = function(a) return string.format("account of %.2f", a.balance) end
print(tostring(Account.new(10):deposit(2.5) + Account.new(1)))

local words = {}
for word in string.gmatch("the quick brown fox jumps over the lazy dog", "%a+") do
  words[word] = (words[word] or 0) + 1
end
local names = {}
for word, count in pairs(words) do names[#names + 1] = word .. "=" .. count end
table.sort(names)
print(table.concat(names, " "))
print((string.gsub("hello world", "(%w+)", "<%1>")), string.rep("ab", 3, "-"), ("x"):byte())

local function counter()
  local n = 0
  return function() n = n + 1; return n end
end
local next1, next2 = counter(), counter()
print(next1(), next1(), next2())

local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(15), 7 // 2, -7 // 2, 7 % -3, 2 ^ 0.5, 1 / 0, math.maxinteger + 1 == math.mininteger)
print(string.format("%5.3f|%x|%q|%g", math.pi, 255, "a\nb", 1e100), 10 // 0.3, 3 | 8, ~0)
print(utf8.char(228, 8364, 128512), utf8.len("äöü"), select("#", table.unpack({1, 2, nil, 4}, 1, 4)))

local grid = {}
for y = 1, 20 do
  grid[y] = {}
  for x = 1, 20 do grid[y][x] = (x * y + random(7)) % 2 end
end
for _ = 1, 5 do
  local fresh = {}
  for y = 1, 20 do
    fresh[y] = {}
    for x = 1, 20 do
      local count = 0
      for dy = -1, 1 do
        for dx = -1, 1 do
          if (dx ~= 0 or dy ~= 0) and grid[y + dy] and grid[y + dy][x + dx] == 1 then count = count + 1 end
        end
      end
      fresh[y][x] = (count == 3 or (count == 2 and grid[y][x] == 1)) and 1 or 0
    end
  end
  grid = fresh
end
local alive = 0
for y = 1, 20 do for x = 1, 20 do alive = alive + grid[y][x] end end
print("alive", alive)

local garbage
for i = 1, 2000 do garbage = {garbage and #garbage, tostring(i), {i}} end
collectgarbage()
print(collectgarbage("count") < 2000, garbage[2])
