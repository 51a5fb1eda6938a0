import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/tokens.css";
import "./theme/base.css";
import "./kit/kit.css";
import "./shell/shell.css";
import { queries } from "./api/queries";
import { startKeys } from "./keys/useCommands";
import { router } from "./routes";
import { startTheme } from "./theme/theme";

startTheme();
startKeys();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
