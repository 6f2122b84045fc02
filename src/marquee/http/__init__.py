"""The API and the pages as HTTP: application, guard, cache, feed, routes and shapes."""
