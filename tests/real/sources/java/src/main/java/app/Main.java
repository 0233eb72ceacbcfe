package app;

import java.util.TreeMap;

/** The arguments with their counts, and an exception that is caught. */
public class Main {
  public static void main(String[] arguments) {
    TreeMap<String, Integer> counts = new TreeMap<>();
    for (String word : arguments) counts.merge(word, 1, (a, b) -> a + b);
    counts.forEach((word, count) -> System.out.println(word + " " + count));
    try {
      Object text = "x";
      System.out.println((Integer) text);
    } catch (ClassCastException e) {
      System.out.println("caught");
    }
  }
}
