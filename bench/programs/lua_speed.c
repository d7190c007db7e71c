/* An interpreter: Lua runs a script that builds tables, sorts, matches patterns and calls closures. */
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"
#include "timing.h"

static const char script[] =
    "local seed = 7\n"
    "local function random(n) seed = (seed * 16807) % 2147483647; return seed % n end\n"
    "local list, words = {}, {}\n"
    "for i = 1, 3000 do list[i] = random(100000) end\n"
    "table.sort(list, function(a, b) return a < b end)\n"
    "for i = 1, 800 do words[i] = string.format('%d:%s', list[i], string.rep('x', i % 5)) end\n"
    "local text, count = table.concat(words, ' '), 0\n"
    "for number, tail in string.gmatch(text, '(%d+):(x*)') do count = count + number % 97 + #tail end\n"
    "local function make(n) return function(m) n = n + m; return n end end\n"
    "local add = make(1)\n"
    "for i = 1, 20000 do add(i % 3) end\n"
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
    "local sum = 0.5\n"
    "for i = 1, 20000 do sum = sum + i / (i + 1) end\n"
    "return (count + add(0) * 31 + fib(17) * 7 + math.floor(sum * 1000)) % 4294967296\n";

static uint32_t kernel(void)
{
    lua_State *state = luaL_newstate();
    luaL_requiref(state, "_G", luaopen_base, 1);
    luaL_requiref(state, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(state, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(state, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_settop(state, 0);
    if (luaL_loadstring(state, script) != LUA_OK || lua_pcall(state, 0, 1, 0) != LUA_OK) {
        printf("%s\n", lua_tostring(state, -1));
        exit(1);
    }
    uint32_t result = (uint32_t)lua_tointeger(state, -1);
    lua_close(state);
    return result;
}

int main(void)
{
    return time_kernel(kernel);
}
