# doxygen.sed -- marks the comments of meld.h for Doxygen, and names the examples at its end.
#
# A comment that begins a line is of what follows it, one behind code is of that.
1s|^/\* meld\.h -- |/** \\file\n * |
s|^\( *\)/\* |\1/** |
s|\([;,] *\)/\* |\1/**< |
s|^\(#define .*[^ ] *\)/\* |\1/**< |
$a\
/** \\example fuse.c\
 * The library in C. */\
/** \\example fuse.py\
 * The library in Python, by ctypes. */
