#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

int main() {
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);)
    lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  std::map<std::size_t, int> sizes;
  for (const auto &line : lines) {
    std::cout << line << "\n";
    sizes[line.size()]++;
  }
  for (auto [size, count] : sizes)
    std::cout << size << " x" << count << "\n";
}
