/* Lua: runs the script on the standard input. */
#include <stdio.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

int main(void)
{
    static char script[1 << 16];
    size_t size = fread(script, 1, sizeof script, stdin);
    lua_State *state = luaL_newstate();
    luaL_requiref(state, "_G", luaopen_base, 1);
    luaL_requiref(state, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(state, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(state, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(state, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    lua_settop(state, 0);
    if (luaL_loadbuffer(state, script, size, "script") || lua_pcall(state, 0, 0, 0)) {
        printf("%s\n", lua_tostring(state, -1));
        return 1;
    }
    lua_close(state);
    return 0;
}
