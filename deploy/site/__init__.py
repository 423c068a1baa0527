"""The documentation as static pages: what is in docs/, for a browser, without a script or a request elsewhere."""
