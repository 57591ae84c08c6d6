import { createBrowserRouter, Navigate } from "react-router";
import { Broken } from "./shell/Broken";
import { NotHere } from "./shell/NotHere";
import { Shell } from "./shell/Shell";

/** The table of contents of the page: every address, each page loaded when it is first looked at. */
export const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <Broken />,
    hydrateFallbackElement: <main aria-busy="true" />,
    children: [
      {
        errorElement: <Broken />, // within the frame, so that one can go elsewhere
        children: [
          { index: true, element: <Navigate to="/promotions" replace /> },
          {
            path: "promotions",
            lazy: () => import("./pages/promotions/PromotionsPage"),
            children: [
              { path: "new", lazy: () => import("./pages/promotions/NewPromotion") },
              { path: ":promotionId", lazy: () => import("./pages/breakdown/BreakdownDrawer") },
              { path: ":promotionId/edit", lazy: () => import("./pages/promotions/EditPromotion") },
            ],
          },
          { path: "decisioning", lazy: () => import("./pages/decisioning/DecisioningPage") },
          {
            path: "decisioning/decisions/:decisionId",
            lazy: () => import("./pages/decisioning/decision/DecisionPage"),
          },
          { path: "customers", lazy: () => import("./pages/customers/CustomersPage") },
          { path: "customers/:customerId", lazy: () => import("./pages/customers/CustomerPage") },
          { path: "compare", lazy: () => import("./pages/compare/ComparePage") },
          { path: "integrations", lazy: () => import("./pages/integrations/IntegrationsPage") },
          { path: "integrations/new", lazy: () => import("./pages/integrations/SetUpPage") },
          { path: "integrations/:source", lazy: () => import("./pages/integrations/SourcePage") },
          {
            path: "integrations/:source/setup",
            lazy: () => import("./pages/integrations/SetUpPage"),
          },
          { path: "problems", lazy: () => import("./pages/problems/ProblemsPage") },
          { path: "batches", lazy: () => import("./pages/batches/BatchesPage") },
          { path: "settings", lazy: () => import("./pages/settings/SettingsPage") },
          { path: "*", element: <NotHere /> },
        ],
      },
    ],
  },
]);
